#include "dkim/field_names.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

std::vector<std::string> read(std::string_view list) {
  std::vector<std::string> out;
  for (const auto name : FieldNames{list}) out.emplace_back(name);
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DkimFieldNames, AreReadInOrderAndLowerCase) {
  EXPECT_THAT(read("From:to:From:X-\xc3\x84"), ElementsAre("from", "to", "from", "x-\xc3\x84"));
  EXPECT_THAT(read(" From :\r\n\tTo\t: Subject "), ElementsAre("from", "to", "subject"));
}

TEST(DkimFieldNames, LeaveOutEmptyOnes) {
  EXPECT_THAT(read(":From::to: :"), ElementsAre("from", "to"));
  for (const std::string_view none : {"", ":", " ", ": :"}) {
    EXPECT_THAT(read(none), IsEmpty()) << none;
    EXPECT_TRUE(FieldNames{none}.empty()) << none;
  }
}

TEST(DkimFieldNames, AreCounted) {
  const FieldNames names{"From:to:from:from-x"};
  EXPECT_FALSE(names.empty());
  EXPECT_EQ(names.count("from"), 2U);
  EXPECT_EQ(names.count("to"), 1U);
  EXPECT_EQ(names.count("cc"), 0U);
  EXPECT_EQ(names.count(""), 0U);
}

TEST(DkimFieldNames, AreValues) {
  FieldNames names{"from"};
  const FieldNames kept = names;
  names = FieldNames{"to:cc"};
  EXPECT_EQ(kept.count("from"), 1U);
  EXPECT_EQ(names.count("cc"), 1U);
}

}  // namespace
}  // namespace postern::dkim
