#include "smtp/data.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

struct Decoded {
  std::string text;
  std::optional<DataFlaw> flaw;
  std::uint64_t size = 0;
  std::size_t consumed = 0;
  bool done = false;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Decodes `pieces` one after the other, stopping at the end of the data.
Decoded decode(std::initializer_list<std::string_view> pieces) {
  DataDecoder decoder;
  Decoded out;
  for (auto input : pieces) {
    while (!input.empty() && !decoder.done()) {
      const auto before = input.size();
      out.text += decoder.take(input);
      out.consumed += before - input.size();
      EXPECT_LT(input.size(), before) << "no progress";
    }
  }
  out.flaw = decoder.flaw();
  out.size = decoder.size();
  out.done = decoder.done();
  if (out.flaw) out.text.clear();  // how much was handed out before the flaw depends on the pieces
  return out;
}

/// What the words of RFC 5321 say, read octet by octet on the whole: the model.
Decoded model(std::string_view bytes) {
  Decoded out;
  const auto found = ("\r\n" + std::string{bytes}).find("\r\n.\r\n");
  out.done = found != std::string::npos;
  out.consumed = out.done ? found + 3 : bytes.size();
  const auto body = bytes.substr(0, out.done ? found : bytes.size());
  bool line_start = true;
  const auto flaw = [&](DataFlaw f) {
    if (!out.flaw) out.flaw = f;
  };
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    const bool after_cr = i > 0 && body[i - 1] == '\r';
    const bool last = i + 1 == body.size();
    if (c == '\0') flaw(DataFlaw::nul);
    if (c == '\n' && !after_cr) flaw(DataFlaw::bare_lf);
    if (c == '\r' && !last && body[i + 1] != '\n') flaw(DataFlaw::bare_cr);
    if (!(line_start && c == '.')) out.text += c;
    line_start = c == '\n' && after_cr;
  }
  out.size = out.text.size();
  if (out.flaw) out.text.clear();
  return out;
}

void expect_as_model(const std::string& bytes) {
  const auto want = model(bytes);
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    for (std::size_t j = i; j <= bytes.size(); ++j) {
      const std::string_view all = bytes;
      auto got = decode({all.substr(0, i), all.substr(i, j - i), all.substr(j)});
      // An unfinished ".<CR>" at the very end: the CR is not counted before its meaning is known.
      if (!want.done && (bytes == ".\r" || bytes.ends_with("\r\n.\r"))) {
        EXPECT_EQ(got.size + 1, want.size);
        continue;
      }
      ASSERT_EQ(got, want) << testing::PrintToString(bytes) << " cut at " << i << ", " << j;
    }
  }
}

TEST(SmtpData, EverySequenceOfTheDangerousOctets) {
  constexpr auto kOctets = ".\r\n\0x"sv;
  constexpr std::size_t kLength = 7;  // 5^7 sequences, each one also in two pieces
  std::size_t total = 1;
  for (std::size_t i = 0; i < kLength; ++i) total *= kOctets.size();
  for (std::size_t n = 0; n < total; ++n) {
    std::string bytes;
    for (std::size_t i = 0, rest = n; i < kLength; ++i, rest /= kOctets.size())
      bytes += kOctets[rest % kOctets.size()];
    const auto want = model(bytes);
    if (!want.done && (bytes == ".\r" || bytes.ends_with("\r\n.\r"))) continue;
    const std::string_view all = bytes;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      const auto got = decode({all.substr(0, cut), all.substr(cut)});
      if (got != want) FAIL() << testing::PrintToString(bytes) << " cut at " << cut;
    }
  }
}

TEST(SmtpData, NoFalseEndSmuggles) {
  // Ends of data that some server somewhere has taken for one.
  constexpr std::array kBreaks{"\r\n"sv,   "\n"sv,     "\r"sv,     "\n\r"sv,
                               "\r\r\n"sv, "\r\n\0"sv, "\0\r\n"sv, ""sv};
  for (const auto before : kBreaks) {
    for (const auto after : kBreaks) {
      const auto end = std::string{before} + '.' + std::string{after};
      const auto bytes = "a" + end + "MAIL FROM:<evil@example>\r\n.\r\nQUIT\r\n";
      expect_as_model(bytes);
      const auto got = decode({bytes});
      // Behind a CR of its own, CRLF still is a line's end; the message is refused all the same.
      const bool real = end.find("\r\n.\r\n") != end.npos;
      if (real) continue;
      EXPECT_TRUE(got.done);
      EXPECT_EQ(got.consumed, bytes.size() - "QUIT\r\n"sv.size());
      if (end.find_first_of("\r\n\0"sv) != end.npos && end != "\r\n." && end != ".\r\n") {
        EXPECT_TRUE(got.flaw) << testing::PrintToString(end);
      }
    }
  }
}

TEST(SmtpData, EndsOnlyAtCrlfDotCrlf) {
  for (const auto bytes :
       {"a\n.\n"sv, "a\r.\r"sv, "a\r\n.\n"sv, "a\n.\r\n"sv, "a\r\n.\r"sv, "a\r.\r\n"sv,
        "a\r\n\0.\r\n"sv, "a\r\n.\0\r\n"sv, "a\r\n.\r\r\n"sv, "a\r\n.\r\0\n"sv, "a\r\n.. \r\n"sv,
        "a\r\n..\r\n"sv, "a.\r\n"sv, ".\n"sv, ".\r\r\n"sv}) {
    EXPECT_FALSE(decode({bytes}).done) << testing::PrintToString(bytes);
    expect_as_model(std::string{bytes});
    expect_as_model(std::string{bytes} + ".\r\n");
    expect_as_model(std::string{bytes} + "\r\n.\r\nNOOP\r\n");
  }
  EXPECT_TRUE(decode({".\r\n"}).done);
  EXPECT_EQ(decode({"\r\n.\r\n"}).text, "\r\n");
}

TEST(SmtpData, UndoesStuffingWithoutCopying) {
  DataDecoder decoder;
  const auto wire = "one\r\ntwo\r\n..three\r\n...\r\n.\r\nNOOP"sv;
  auto input = wire;
  std::vector<std::string_view> pieces;
  while (!decoder.done()) {
    const auto piece = decoder.take(input);
    if (!piece.empty()) pieces.push_back(piece);
  }
  EXPECT_EQ(pieces, (std::vector{"one\r\ntwo\r\n"sv, ".three\r\n"sv, "..\r\n"sv}));
  EXPECT_EQ(pieces.front().data(), wire.data());
  EXPECT_EQ(decoder.size(), 22U);
  EXPECT_EQ(input, "NOOP");
  EXPECT_FALSE(decoder.flaw());
}

TEST(SmtpData, ReportsLinesOver64KiB) {
  const std::string longest(kMaxTextLine - 2, 'x');
  EXPECT_FALSE(decode({longest + "\r\n.\r\n"}).flaw);
  EXPECT_FALSE(decode({longest, "\r", "\n.\r\n"}).flaw);
  for (const auto& got : {decode({longest + "x\r\n.\r\n"}), decode({longest, "x", "\r\n.\r\n"})}) {
    EXPECT_EQ(got.flaw, DataFlaw::line_too_long);
    EXPECT_TRUE(got.done);
  }
}

TEST(SmtpData, ChecksChunksWithoutDots) {
  LineChecker chunks;
  for (const auto chunk : {"a\r"sv, "\n.\r\n"sv, ".\r"sv}) chunks.take(chunk);
  EXPECT_FALSE(chunks.flaw());
  EXPECT_FALSE(chunks.at_line_start());
  chunks.finish();
  EXPECT_EQ(chunks.flaw(), DataFlaw::bare_cr);

  for (const auto& [bytes, flaw] :
       std::initializer_list<std::pair<std::string_view, DataFlaw>>{{"a\nb\0"sv, DataFlaw::bare_lf},
                                                                    {"a\rb\n"sv, DataFlaw::bare_cr},
                                                                    {"a\0b\n"sv, DataFlaw::nul}}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      LineChecker checker;
      checker.take(bytes.substr(0, cut));
      checker.take(bytes.substr(cut));
      checker.finish();
      EXPECT_EQ(checker.flaw(), flaw);
      EXPECT_FALSE(to_string(flaw).empty());
    }
  }
}

}  // namespace
}  // namespace postern::smtp
