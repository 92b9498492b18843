#include "text/ascii.hpp"

#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::text {
namespace {

using ::testing::ElementsAre;

TEST(Ascii, ComparesWithoutCaseAndWithoutLocale) {
  EXPECT_TRUE(iequals("InBox", "INBOX"));
  EXPECT_FALSE(iequals("inbox", "inboxes"));
  EXPECT_FALSE(iequals("\xC3\xA4", "\xC3\x84"));  // not ASCII: not folded
  EXPECT_TRUE(istarts_with("Content-Type", "content-"));
  EXPECT_FALSE(istarts_with("Con", "content-"));
}

TEST(Ascii, SplitsAndTrims) {
  EXPECT_THAT(split("a.b..c", '.'), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", '.'), ElementsAre(""));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \r\n"), "");
}

TEST(Ascii, ParsesNumbersExactly) {
  EXPECT_EQ(parse_number<std::uint32_t>("4294967295"), 4294967295U);
  EXPECT_EQ(parse_number<std::uint32_t>("4294967296"), std::nullopt);
  for (const auto* bad : {"", "-1", "+1", "1 ", " 1", "1x", "0x1"})
    EXPECT_EQ(parse_number<std::uint32_t>(bad), std::nullopt) << bad;
}

TEST(Ascii, KnowsHexDigits) {
  EXPECT_EQ(hex_value('f'), 15);
  EXPECT_EQ(hex_value('A'), 10);
  EXPECT_EQ(hex_value('g'), -1);
}

}  // namespace
}  // namespace postern::text
