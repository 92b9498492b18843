#include "imap/sequence_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::imap {
namespace {

using testing::ElementsAre;

Parsed<SequenceSet> parse(std::string_view text) {
  Lexer in{text};
  POSTERN_TRY(auto set, parse_sequence_set(in));
  POSTERN_CHECK(in.end());
  return set;
}

std::string resolved(std::string_view text, std::uint32_t largest) {
  std::string out;
  append_ranges(out, parse(text).value().resolve(largest));
  return out;
}

TEST(SequenceSet, ResolvesTheExamplesOfTheRfc) {
  EXPECT_EQ(resolved("2,4:7,9,12:*", 15), "2,4:7,9,12:15");
  EXPECT_EQ(resolved("*:4,5:7", 10), "4:10");
  EXPECT_EQ(resolved("2:4", 9), resolved("4:2", 9));
  EXPECT_EQ(resolved("3291:*", 17), "17:3291");
}

TEST(SequenceSet, StarIsNothingInAnEmptyMailbox) {
  EXPECT_EQ(resolved("*", 0), "");
  EXPECT_EQ(resolved("1:*,7", 0), "7");
}

TEST(SequenceSet, MergesOverlapsAndNeighbours) {
  EXPECT_EQ(resolved("5,1:3,4,3:3,9", 20), "1:5,9");
  EXPECT_EQ(resolved("4294967295,4294967294", 1), "4294967294:4294967295");
}

TEST(SequenceSet, KnowsStarAndTheLargestNumber) {
  EXPECT_TRUE(parse("1:*")->has_star());
  EXPECT_FALSE(parse("1:7")->has_star());
  EXPECT_EQ(parse("1:*,9:4")->largest_number(), 9U);
  EXPECT_TRUE(parse("$")->last_result);
}

TEST(SequenceSet, RefusesWhatTheGrammarDoes) {
  for (const auto* text : {"", "0", "1:", ":1", "1,", ",1", "1:0", "a", "1:2:3", "4294967296", "-1",
                           "$,1", "1 ,2", "**"})
    EXPECT_FALSE(parse(text)) << text;
}

TEST(SequenceSet, BoundsTheNumberOfRanges) {
  std::string text = "1";
  for (std::size_t i = 1; i < kMaxRanges; ++i) text += ",1";
  EXPECT_TRUE(parse(text));
  EXPECT_FALSE(parse(text + ",1"));
}

TEST(RangeSet, GathersAscendingNumbers) {
  RangeSet set;
  for (const std::uint32_t n : {2U, 3U, 4U, 7U}) set.push_back(n);
  EXPECT_THAT(set.ranges(), ElementsAre(Range{2, 4}, Range{7, 7}));
  EXPECT_EQ(set.count(), 4U);
}

TEST(RangeSet, FindsItsNumbersAndNoOthers) {
  const RangeSet set{{{5, 6}, {1, 2}, {9, 9}}};
  for (std::uint32_t n = 0; n < 12; ++n)
    EXPECT_EQ(set.contains(n), n == 1 || n == 2 || n == 5 || n == 6 || n == 9) << n;
  EXPECT_EQ((RangeSet{{{1, 4294967295U}}}).count(), 4294967295U);
}

TEST(RangeSet, PrintsWhatParsesToItself) {
  const RangeSet set{{{1, 2}, {4, 4}, {10, 4294967295U}}};
  std::string out;
  append_ranges(out, set);
  EXPECT_EQ(out, "1:2,4,10:4294967295");
  EXPECT_EQ(parse(out)->resolve(0), set);
}

}  // namespace
}  // namespace postern::imap
