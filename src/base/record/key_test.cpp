#include "record/key.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace postern::record {
namespace {

TEST(Key, OrdersAsItsFieldsDo) {
  const auto key = [](std::uint64_t account, std::uint8_t kind, std::uint32_t uid,
                      std::string_view text) {
    return KeyWriter{2, AccountId{account}, kind}.u32(uid).text(text).done();
  };
  const std::vector<std::string> ordered = {
      key(1, 1, 1, ""),   key(1, 1, 1, "a"),   key(1, 1, 255, ""), key(1, 1, 256, ""),
      key(1, 2, 0, "\0"), key(1, 200, 0, "z"), key(255, 1, 0, ""), key(256, 1, 0, "")};
  EXPECT_TRUE(std::is_sorted(ordered.begin(), ordered.end()));
  const auto number = [](std::int64_t value) {
    return KeyWriter{1, std::uint16_t{0}, 1}.i64(value).done();
  };
  EXPECT_LT(number(-5), number(-4));
  EXPECT_LT(number(-1), number(0));
  EXPECT_LT(number(0), number(INT64_MAX));
}

TEST(Key, HasTheLayoutOfTheFormat) {
  EXPECT_EQ((KeyWriter{2, AccountId{0x0102030405060708}, 9}.u16(0xfffe).text("t").done()),
            std::string("\x01\x02\x01\x02\x03\x04\x05\x06\x07\x08\x09\xff\xfet", 14));
  EXPECT_EQ((KeyWriter{3, std::uint16_t{1}, 4}.done()), std::string("\x01\x03\x00\x01\x04", 5));
}

TEST(Key, ReadsBackItsFields) {
  BlobId blob{};
  blob[0] = 1;
  blob[15] = 255;
  const auto key = KeyWriter{2, AccountId{77}, 5}.blob(blob).i64(-3).text("Häh").done();
  KeyReader in{key};
  in.skip(KeyWriter::account_prefix(2, AccountId{77}));
  EXPECT_EQ(in.u8(), 5);
  EXPECT_EQ(in.blob(), blob);
  EXPECT_EQ(in.i64(), -3);
  EXPECT_EQ(in.text(), "Häh");
  EXPECT_TRUE(in.finish());
}

TEST(Key, ShortLongAndForeignKeysAreCorrupt) {
  const auto key = KeyWriter{2, std::uint16_t{7}, 5}.u32(1).done();
  KeyReader brief{key};
  brief.skip(KeyWriter::shard_prefix(2, 7));
  (void)brief.u64();
  EXPECT_EQ(brief.finish().error().code, Errc::corrupt);
  KeyReader left_over{key};
  (void)left_over.u8();
  EXPECT_EQ(left_over.finish().error().code, Errc::corrupt);
  KeyReader foreign{key};
  foreign.skip(KeyWriter::shard_prefix(2, 8));
  (void)foreign.text();
  EXPECT_EQ(foreign.finish().error().code, Errc::corrupt);
}

TEST(Key, PrefixEndIsTheNextKeyAboveTheRange) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(prefix_end("\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
  EXPECT_EQ(prefix_end("a\x7f"), "a\x80");
  EXPECT_LT(std::string("ab") + std::string(9, '\xff'), prefix_end("ab"));
}

}  // namespace
}  // namespace postern::record
