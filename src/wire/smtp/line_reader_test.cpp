#include "smtp/line_reader.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;

/// Every line (or "!" for one too long) of `bytes`, read in pieces of `step` octets that are
/// overwritten as soon as the reader has seen them.
std::vector<std::string> lines_of(std::string_view bytes, std::size_t step, std::size_t limit,
                                  LineEnd end = LineEnd::crlf) {
  LineReader reader{limit, end};
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    std::string buffer{bytes.substr(0, step)};
    bytes.remove_prefix(buffer.size());
    std::string_view input = buffer;
    while (!input.empty()) {
      const auto got = reader.take(input);
      if (!got) {
        lines.emplace_back("!");
      } else if (*got) {
        lines.emplace_back(**got);
      }
    }
    buffer.assign(buffer.size(), '#');
  }
  if (reader.partial()) lines.emplace_back("...");
  return lines;
}

TEST(SmtpLineReader, CutsLinesFromAnyPieces) {
  const auto bytes = "EHLO a\r\n\r\nNOOP b\nc\rd\r\r\nDATA\0\r\nQU"sv;
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    EXPECT_THAT(lines_of(bytes, step, 100),
                ElementsAre("EHLO a", "", "NOOP b\nc\rd\r", "DATA\0"sv, "..."));
  }
}

TEST(SmtpLineReader, ReportsALongLineOnceAndDropsIt) {
  const auto bytes = "12345678\r\n123456789\r\n12345678\r\n1234567890123456\rx\ny\r\nok\r\n"sv;
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    EXPECT_THAT(lines_of(bytes, step, 8), ElementsAre("12345678", "!", "12345678", "!", "ok"))
        << step;
  }
}

TEST(SmtpLineReader, HoldsLittleOfAnEndlessLine) {
  LineReader reader{16};
  int errors = 0;
  const std::string chunk(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    std::string_view input = chunk;
    while (!input.empty()) {
      const auto got = reader.take(input);
      if (!got) ++errors;
    }
  }
  EXPECT_EQ(errors, 1);
  EXPECT_TRUE(reader.partial());
}

TEST(SmtpLineReader, LeavesWhatFollowsToTheCaller) {
  LineReader reader;
  std::string_view input = "STARTTLS\r\nMAIL FROM:<a@b>\r\n";
  const auto got = reader.take(input);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(**got, "STARTTLS");
  EXPECT_EQ(input, "MAIL FROM:<a@b>\r\n");
  EXPECT_FALSE(reader.partial());
}

TEST(SmtpLineReader, AClientAlsoTakesBareLf) {
  const auto bytes = "250-a\n250 b\r\n221\r\n12345678901\n.\n"sv;
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    EXPECT_THAT(lines_of(bytes, step, 8, LineEnd::crlf_or_lf),
                ElementsAre("250-a", "250 b", "221", "!", "."))
        << step;
  }
}

}  // namespace
}  // namespace postern::smtp
