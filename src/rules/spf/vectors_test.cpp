// The test suites in tests/data/spf: what they say of each sender, and what we say.
#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "spf/check.hpp"
#include "spf/test_dns.hpp"
#include "text/ascii.hpp"

namespace postern::spf {
namespace {

/// `\\` and `\xNN` as in the data files.
std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("\\x")) {
      out.push_back(
          static_cast<char>(text::hex_value(text.at(2)) * 16 + text::hex_value(text.at(3))));
      text.remove_prefix(4);
      continue;
    }
    if (text.front() == '\\') text.remove_prefix(1);
    out.push_back(text.front());
    text.remove_prefix(1);
  }
  return out;
}

/// Runs every test of `file` and returns how many there were.
std::size_t run(const std::string& file) {
  std::ifstream in{std::string{POSTERN_TEST_DATA "/spf/"} + file};
  std::size_t count = 0;
  std::string scenario;
  TestDns zone;
  for (std::string line; std::getline(in, line);) {
    const auto split = text::split(line, '\t');
    std::vector<std::string> f;
    for (const auto part : split) f.push_back(unescaped(part));
    if (f.at(0) == "scenario") {
      scenario = f.at(1);
      zone = {};
    } else if (f.at(0) == "zone") {
      zone.add(f.at(1), f.at(2), f.at(3));
    } else {
      ++count;
      const Query query{.ip = *text::IpAddress::parse(f.at(3)),
                        .helo = f.at(2),
                        .mail_from = f.at(4),
                        .receiver = "receiver.example",
                        .now = {}};
      const auto verdict = zone.check(query);
      const auto wanted = text::split(f.at(5), '|');
      EXPECT_TRUE(std::ranges::find(wanted, to_string(verdict.outcome)) != wanted.end())
          << scenario << ": " << f.at(1) << " from " << f.at(4) << " at " << f.at(3) << " wants "
          << f.at(5) << ", got " << to_string(verdict.outcome) << " (" << verdict.matched
          << verdict.why << ")";
      if (f.at(6) == "-") continue;
      const std::string explanation = f.at(6) == "=DEFAULT" ? "" : f.at(6).substr(1);
      EXPECT_EQ(verdict.explanation, explanation) << scenario << ": " << f.at(1);
    }
  }
  return count;
}

TEST(Vectors, Rfc7208Suite) {
  EXPECT_EQ(run("rfc7208.tsv"), 118U);
}

TEST(Vectors, PyspfExtras) {
  EXPECT_EQ(run("pyspf.tsv"), 11U);
}

TEST(Vectors, MailAuth) {
  EXPECT_EQ(run("mailauth.tsv"), 91U);
}

}  // namespace
}  // namespace postern::spf
