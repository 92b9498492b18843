#include "mime/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/message.hpp"

namespace postern::mime {
namespace {

constexpr std::string_view kText =
    "Date: Tue, 1 Jul 2003 10:52:37 +0200\r\nSubject:\r\nFrom: A <a@b>\r\n"
    "To: g: c@d, e <@r:f@h>;, i@j\r\nContent-Language: de, en\r\nContent-Location: x y\r\n"
    "Content-Type: multipart/mixed; boundary=b; x=\"\"\r\n\r\n"
    "--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=m.eml\r\n"
    "Content-ID: <i@d>\r\nContent-MD5: abc\r\nContent-Description: d\r\n\r\nSubject: s\r\n\r\nx\r\n"
    "--b--\r\n";

TEST(Codec, RoundTrip) {
  const Message m = *parse(kText);
  const auto part = decode_part(encode(m.root));
  ASSERT_TRUE(part) << part.error().detail;
  EXPECT_EQ(*part, m.root);
  const auto envelope = decode_envelope(encode(m.envelope));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(*envelope, m.envelope);
  EXPECT_EQ(envelope->subject, "");  // empty is not absent
  EXPECT_FALSE(envelope->message_id);
}

TEST(Codec, UnknownTagsArePassedOver) {
  FieldWriter more;
  more.number(200, 7);
  more.octets(201, "future");
  const Message m = *parse(kText);
  const auto envelope = decode_envelope(encode(m.envelope) + more.str());
  ASSERT_TRUE(envelope);
  EXPECT_EQ(*envelope, m.envelope);
}

TEST(Codec, EveryCutIsCorruptOrSmaller) {
  const std::string bytes = encode(parse(kText)->root);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_part(std::string_view{bytes}.substr(0, size))) << size;
  EXPECT_FALSE(decode_part(bytes + "x"));
}

TEST(Codec, VersionFromTheFutureIsRefused) {
  std::string bytes = encode(Part{});
  ASSERT_TRUE(decode_part(bytes));
  bytes[0] = kCodecVersion + 1;
  EXPECT_FALSE(decode_part(bytes));
  EXPECT_FALSE(decode_envelope("\x02"));
  EXPECT_FALSE(decode_envelope(""));
}

TEST(Codec, VarintsTakeSixtyFourBits) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                    std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
    std::string out;
    append_varint(out, value);
    std::string_view in = out;
    EXPECT_EQ(take_varint(in), value);
    EXPECT_TRUE(in.empty());
  }
  std::string_view over = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
  EXPECT_FALSE(take_varint(over));
}

}  // namespace
}  // namespace postern::mime
