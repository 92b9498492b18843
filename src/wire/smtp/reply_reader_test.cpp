#include "smtp/reply_reader.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

/// The replies in `bytes`, read in pieces of `step`; stops at an error.
Result<std::vector<Reply>> replies_of(std::string_view bytes, std::size_t step) {
  ReplyReader reader;
  std::vector<Reply> replies;
  while (!bytes.empty()) {
    const std::string buffer{bytes.substr(0, step)};
    bytes.remove_prefix(buffer.size());
    std::string_view input = buffer;
    while (!input.empty()) {
      auto got = reader.take(input);
      if (!got) return std::unexpected(got.error());
      if (*got) replies.push_back(**got);
    }
  }
  if (reader.partial()) replies.push_back({0, {}, "partial"});
  return replies;
}

TEST(SmtpReplyReader, ReadsRepliesFromAnyPieces) {
  const auto bytes =
      "220 mx.example ESMTP\r\n250-mx.example\r\n250-SIZE 100\r\n250\r\n250 2.1.0 ok\r\n354\r\n"
      "550-5.7.1 first\r\n550-5.7.1 second\r\n550 5.7.1\r\n550 4.7.1 odd\r\n450 f\xfc\x01\n42"sv;
  const std::vector<Reply> want{{220, {}, "mx.example ESMTP"},
                                {250, {}, "mx.example\nSIZE 100\n"},
                                {250, EnhancedStatus{2, 1, 0}, "ok"},
                                {354, {}, ""},
                                {550, EnhancedStatus{5, 7, 1}, "first\nsecond\n"},
                                {550, {}, "4.7.1 odd"},
                                {450, {}, "f\uFFFD?"},
                                {0, {}, "partial"}};
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const auto got = replies_of(bytes, step);
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, want) << step;
  }
}

TEST(SmtpReplyReader, RefusesGarbage) {
  for (const auto bad :
       {"\r\n"sv, "hello\r\n"sv, "25\r\n"sv, "2500 x\r\n"sv, "150 x\r\n"sv, "650 x\r\n"sv,
        "250-a\r\n251 b\r\n"sv, "250-a\r\nb\r\n"sv, "25a b\r\n"sv, "\x16\x03\x01\r\n"sv}) {
    const auto got = replies_of(bad, 1000);
    ASSERT_FALSE(got) << bad;
    EXPECT_EQ(got.error().code, Errc::bad_syntax);
  }
}

TEST(SmtpReplyReader, IsBounded) {
  const auto line = replies_of("250 " + std::string(5000, 'x') + "\r\n", 700);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Errc::line_too_long);
  std::string many;
  for (int i = 0; i < 201; ++i) many += "250-x\r\n";
  const auto lines = replies_of(many, many.size());
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().code, Errc::too_large);
}

}  // namespace
}  // namespace postern::smtp
