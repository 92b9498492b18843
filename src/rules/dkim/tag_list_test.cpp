#include "dkim/tag_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

using testing::ElementsAre;

TEST(TagList, ReadsTagsWithFoldingAroundAndWithin) {
  const std::string text = " v = 1;\r\n\ta=b c\r\n d ;x_1=;\tz== ; ";
  const auto tags = TagList::parse(text);
  ASSERT_TRUE(tags);
  ASSERT_EQ(tags->tags().size(), 4U);
  EXPECT_EQ(tags->find("v")->value, "1");
  EXPECT_EQ(tags->find("a")->value, "b c\r\n d");
  EXPECT_EQ(tags->find("x_1")->value, "");
  EXPECT_EQ(tags->find("z")->value, "=");
  EXPECT_EQ(tags->find("A"), nullptr);
}

TEST(TagList, TellsWhereAValueStands) {
  const std::string text = "a=1; b = AA BB ;c=2";
  const auto tags = TagList::parse(text);
  ASSERT_TRUE(tags);
  const Tag* b = tags->find("b");
  EXPECT_EQ(text.substr(b->begin, b->end - b->begin), " AA BB ");
  const Tag* c = tags->find("c");
  EXPECT_EQ(c->end, text.size());
}

TEST(TagList, TellsNamesWithTheSameFirstLetterApart) {
  const auto tags = TagList::parse("b=1; bh=2; bx=3; B=4; Bh=5; b_=6");
  ASSERT_TRUE(tags);
  EXPECT_EQ(tags->find("b")->value, "1");
  EXPECT_EQ(tags->find("bh")->value, "2");
  EXPECT_EQ(tags->find("bx")->value, "3");
  EXPECT_EQ(tags->find("B")->value, "4");
  EXPECT_EQ(tags->find("Bh")->value, "5");
  EXPECT_EQ(tags->find("b_")->value, "6");
  for (const std::string_view none : {"", "c", "by", "bhx", "BH", "\x82"})
    EXPECT_EQ(tags->find(none), nullptr) << none;
  EXPECT_FALSE(TagList::parse("bh=1; bx=2; bx=3"));
  EXPECT_FALSE(TagList::parse("bh=1; bx=2; bh=3"));
}

TEST(TagList, TakesUtf8) {
  EXPECT_EQ(TagList::parse("d=b\xc3\xbc\x63her.example")->find("d")->value,
            "b\xc3\xbc\x63her.example");
}

TEST(TagList, RefusesWhatIsNone) {
  for (const std::string_view text : {"", " ", ";", "a", "a=1;;b=2", "=1", "1=a", "a-b=c", "a=1; b",
                                      "a=1;a=2", "a b=1", "a=\x01", "\x80=1"})
    EXPECT_FALSE(TagList::parse(text)) << text;
  EXPECT_FALSE(TagList::parse(std::string_view{"a=\0", 3}));
}

TEST(TagList, BoundsTheNumberOfTags) {
  std::string text;
  for (std::size_t i = 0; i < kMaxTags; ++i) text += "t" + std::to_string(i) + "=;";
  EXPECT_TRUE(TagList::parse(text));
  EXPECT_FALSE(TagList::parse(text + "x=;"));
  EXPECT_FALSE(TagList::parse(std::string(1'000'000, ';')));
}

TEST(TagList, TakesValuesApart) {
  EXPECT_EQ(without_blanks(" ab\r\n\tc d "), "abcd");
  EXPECT_THAT(split_list("From : To:\r\n Subject::"), ElementsAre("From", "To", "Subject", "", ""));
}

TEST(TagList, DecodesQuotedPrintable) {
  EXPECT_EQ(from_quoted_printable("a=3Db=20 c\r\n d").value(), "a=b cd");
  for (const std::string_view text : {"=", "=4", "=zz", "=3d"})
    EXPECT_FALSE(from_quoted_printable(text)) << text;
}

}  // namespace
}  // namespace postern::dkim
