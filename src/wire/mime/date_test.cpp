#include "mime/date.hpp"

#include <gtest/gtest.h>

namespace postern::mime {
namespace {

std::string again(std::string_view value) {
  const auto date = parse_date(value);
  return date ? print_date(*date) : "none";
}

TEST(Date, ObsoleteAndBrokenForms) {
  EXPECT_EQ(again("Tue, 1 Jul 2003 10:52:37 +0200"), "Tue, 1 Jul 2003 10:52:37 +0200");
  EXPECT_EQ(again("21 Nov 97 09:55:06 GMT"), "Fri, 21 Nov 1997 09:55:06 +0000");
  EXPECT_EQ(again("1 Jan 103 00:00:00 EST"), "Wed, 1 Jan 2003 00:00:00 -0500");
  EXPECT_EQ(again("Wrong, 1-Jul-2003 10:52 PDT (x)"), "Tue, 1 Jul 2003 10:52:00 -0700");
  EXPECT_EQ(again("Tue Jul  1 10:52:37 2003"), "Tue, 1 Jul 2003 10:52:37 +0000");
  EXPECT_EQ(again("Tue Jul  1 10:52:37 EDT 2003"), "Tue, 1 Jul 2003 10:52:37 -0400");
  EXPECT_EQ(again("1 Jul 2003 10:52:37 GMT+0530"), "Tue, 1 Jul 2003 10:52:37 +0530");
  EXPECT_EQ(again("29 Feb 2024 23:59:60 -0000"), "Fri, 1 Mar 2024 00:00:00 +0000");
  for (const auto* bad : {"", "-", "1--2", "30 Feb 2024 00:00:00 +0000", "1 Jul 2003",
                          "1 Jul 2003 24:00:00 +0000", "Jul 1", ",,,", "a b c d e f"})
    EXPECT_EQ(again(bad), "none") << bad;
}

TEST(Date, InternalDate) {
  const auto date = parse_internal_date("17-Jul-1996 02:44:25 -0700");
  ASSERT_TRUE(date);
  EXPECT_EQ(date->offset_minutes, -420);
  EXPECT_EQ(print_internal_date(*date), "17-Jul-1996 02:44:25 -0700");
  EXPECT_EQ(print_internal_date(*parse_internal_date(" 1-Jan-2026 00:00:00 +1400")),
            " 1-Jan-2026 00:00:00 +1400");
  EXPECT_TRUE(parse_internal_date("1-Jan-2026 00:00:00 +0000"));
  for (const auto* bad :
       {"", "17-Jul-1996", "17-Jux-1996 02:44:25 -0700", "31-Feb-1996 02:44:25 -0700",
        "17-Jul-1996 02:44:25 PDT", "17-Jul-1996 02:44:25 -07:0", "17-Jul-1996 02:44:61 -0700"})
    EXPECT_FALSE(parse_internal_date(bad)) << bad;
}

TEST(Date, DayIsTheWriters) {
  const auto date = parse_date("1 Jul 2003 23:30:00 -0500");  // the second, in UTC
  ASSERT_TRUE(date);
  EXPECT_EQ(date->local_day(), std::chrono::sys_days{std::chrono::year{2003} / 7 / 1});
}

}  // namespace
}  // namespace postern::mime
