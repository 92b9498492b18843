#include "record/record.hpp"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace postern::record {
namespace {

constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();

Errc error_of(std::string_view record, std::uint8_t newest = 1) {
  Reader in{record, newest};
  while (in.next()) {
  }
  const auto end = in.finish();
  return end ? Errc::shutting_down : end.error().code;
}

TEST(Record, GivesBackWhatWasWritten) {
  std::string out = "before";
  std::string inner;
  Writer{inner}.number(1, 7);
  Writer{out, 3}
      .number(1, kMax)
      .signed_number(2, std::numeric_limits<std::int64_t>::min())
      .signed_number(3, -1)
      .boolean(4, true)
      .text(5, std::string_view{"a\0b", 3})
      .text(kMaxTag, inner)
      .number_unless_zero(9, 0)
      .text_unless_empty(9, "");
  Reader in{std::string_view{out}.substr(6), 3};
  EXPECT_EQ(in.version(), 3);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.tag(), 1U);
  EXPECT_EQ(in.number(), kMax);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.signed_number(), std::numeric_limits<std::int64_t>::min());
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.signed_number(), -1);
  ASSERT_TRUE(in.next());
  EXPECT_TRUE(in.boolean());
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.text(), (std::string_view{"a\0b", 3}));
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.tag(), kMaxTag);
  Reader deep = Reader::nested(in.text(), in.version());
  ASSERT_TRUE(deep.next());
  EXPECT_EQ(deep.number<std::uint8_t>(), 7);
  EXPECT_FALSE(deep.next());
  EXPECT_TRUE(deep.finish());
  EXPECT_FALSE(in.next());
  EXPECT_TRUE(in.finish());
}

// An older release that knows tag 1 only must not lose tags 2 and 3.
TEST(Record, UnknownFieldsSurviveARewrite) {
  std::string newer;
  Writer{newer, 1}.number(1, 5).text(2, "later").number(3, 300).text(2, "again");
  Reader in{newer, 1};
  Unknown unknown;
  std::uint64_t one = 0;
  while (in.next()) switch (in.tag()) {
      case 1:  one = in.number(); break;
      default: in.keep(unknown);
    }
  ASSERT_TRUE(in.finish());
  std::string rewritten;
  Writer{rewritten, 1}.number(1, one).unknown(unknown);
  EXPECT_EQ(rewritten, newer);
}

TEST(Record, RefusesWhatIsDamaged) {
  EXPECT_EQ(error_of(""), Errc::corrupt);
  EXPECT_EQ(error_of(std::string_view{"\0", 1}), Errc::corrupt);
  EXPECT_EQ(error_of("\x02"), Errc::unsupported);
  const std::vector<std::string> bad = {
      {"\x01\x00\x01", 3},                                           // tag 0
      {"\x01\x82", 2},                                               // cut inside the head
      {"\x01\x02", 2},                                               // no number
      {"\x01\x03\x02x", 4},                                          // longer than the record
      {"\x01\x02\x81\x00", 4},                                       // not the shortest form
      {"\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 12},      // 65 bits
      {"\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13},  // 11 bytes
      {"\x01\x80\x80\x80\x80\x02\x00", 7},                           // tag beyond kMaxTag
  };
  for (const auto& record : bad) EXPECT_EQ(error_of(record), Errc::corrupt) << record.size();
}

TEST(Record, EveryCutIsNoticedOrEndsBetweenFields) {
  std::string whole;
  Writer{whole, 1}.number(1, 1000).text(2, "four");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const bool between = length == 1 || length == 4;
    EXPECT_EQ(error_of(whole.substr(0, length)), between ? Errc::shutting_down : Errc::corrupt)
        << length;
  }
}

TEST(Record, WrongTypesAndRangesAreFaults) {
  std::string out;
  Writer{out, 1}.number(1, 256).text(2, "x").number(3, 2);
  {
    Reader in{out, 1};
    ASSERT_TRUE(in.next());
    EXPECT_EQ(in.number<std::uint8_t>(), 0);
    EXPECT_FALSE(in.finish());
    EXPECT_FALSE(in.next()) << "the first fault ends the walk";
  }
  {
    Reader in{out, 1};
    ASSERT_TRUE(in.next());
    EXPECT_EQ(in.text(), "");
    EXPECT_FALSE(in.finish());
  }
  {
    Reader in{out, 1};
    ASSERT_TRUE(in.next() && in.next());
    EXPECT_EQ(in.number(), 0U);
    EXPECT_FALSE(in.finish());
  }
  {
    Reader in{out, 1};
    ASSERT_TRUE(in.next() && in.next() && in.next());
    EXPECT_FALSE(in.boolean());
    EXPECT_FALSE(in.finish());
  }
}

}  // namespace
}  // namespace postern::record
