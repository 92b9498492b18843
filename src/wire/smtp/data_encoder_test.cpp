#include "smtp/data_encoder.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

Result<std::string> encode(std::string_view a, std::string_view b) {
  DataEncoder encoder;
  std::string out;
  for (const auto piece : {a, b}) {
    const auto ok = encoder.add(piece, out);
    EXPECT_EQ(out.ends_with('\r'), false);
    if (!ok) return std::unexpected(ok.error());
  }
  if (const auto ok = encoder.finish(out); !ok) return std::unexpected(ok.error());
  return out;
}

std::string normalise(std::string_view a, std::string_view b) {
  LineNormaliser normaliser;
  std::string out;
  normaliser.add(a, out);
  normaliser.add(b, out);
  normaliser.finish(out);
  return out;
}

TEST(SmtpDataEncoder, DoublesDotsAndEnds) {
  for (const auto& [message, wire] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"", ".\r\n"},
           {".", "..\r\n.\r\n"},
           {"a", "a\r\n.\r\n"},
           {"a\r\n", "a\r\n.\r\n"},
           {"..a\r\n.\r\nb.c\r\n.", "...a\r\n..\r\nb.c\r\n..\r\n.\r\n"}}) {
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
      const auto got = encode(message.substr(0, cut), message.substr(cut));
      ASSERT_TRUE(got);
      EXPECT_EQ(*got, wire) << cut;
      std::string decoded;
      DataDecoder decoder;
      for (std::string_view input = *got; !input.empty();) decoded += decoder.take(input);
      EXPECT_TRUE(decoder.done());
      EXPECT_TRUE(decoded == message || decoded == std::string{message} + "\r\n");
    }
  }
}

TEST(SmtpDataEncoder, NeverEmitsWhatCouldEndEarly) {
  for (const auto bad :
       {"a\nb"sv, "a\n.\nb"sv, "a\rb"sv, "a\r\r\nb"sv, "a\0b"sv, "a\r"sv, "\n"sv}) {
    for (std::size_t cut = 0; cut <= bad.size(); ++cut) {
      const auto got = encode(bad.substr(0, cut), bad.substr(cut));
      ASSERT_FALSE(got) << testing::PrintToString(bad);
      EXPECT_EQ(got.error().code, Errc::bad_syntax);
    }
  }
  // Also behind a line too long for the decoder.
  EXPECT_FALSE(encode(std::string(kMaxTextLine + 1, 'x') + "\r\n", "a\n.\n"));
  EXPECT_TRUE(encode(std::string(kMaxTextLine + 1, 'x') + "\r\n", "a"));
}

TEST(SmtpDataEncoder, NormalisesLines) {
  for (const auto& [in, out] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"", ""},
           {"a", "a\r\n"},
           {"a\r\nb\r\n", "a\r\nb\r\n"},
           {"a\nb\rc\r\n\n\r\r\nd", "a\r\nb\r\nc\r\n\r\n\r\n\r\nd\r\n"},
           {"a\0b\r\0\n"sv, "ab\r\n"},
           {"\n.\n", "\r\n.\r\n"}}) {
    for (std::size_t cut = 0; cut <= in.size(); ++cut)
      EXPECT_EQ(normalise(in.substr(0, cut), in.substr(cut)), out) << testing::PrintToString(in);
  }
}

}  // namespace
}  // namespace postern::smtp
