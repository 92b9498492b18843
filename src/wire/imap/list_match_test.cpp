#include "imap/list_match.hpp"

#include <gtest/gtest.h>

namespace postern::imap {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  return ListPattern{pattern, '/'}.matches(name);
}

/// The definition itself, exponential: for short inputs only.
bool defined(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  const char c = pattern.front();
  if (c != '*' && c != '%')
    return !name.empty() && name.front() == c && defined(pattern.substr(1), name.substr(1));
  if (defined(pattern.substr(1), name)) return true;
  return !name.empty() && (c == '*' || name.front() != '/') && defined(pattern, name.substr(1));
}

std::string word(unsigned number, std::size_t length, std::string_view letters) {
  std::string out;
  for (; out.size() < length; number /= static_cast<unsigned>(letters.size()))
    out.push_back(letters[number % letters.size()]);
  return out;
}

TEST(ListPattern, AgreesWithItsDefinitionOnAllShortWords) {
  int matched = 0;
  for (std::size_t length = 0; length <= 4; ++length) {
    for (unsigned p = 0; p < (1U << (2 * length)); ++p) {
      const auto pattern = word(p, length, "a/*%");
      const ListPattern compiled{pattern, '/'};
      for (unsigned n = 0; n < 81; ++n) {
        const auto name = word(n, 4, "ab/");
        ASSERT_EQ(compiled.matches(name), defined(pattern, name)) << pattern << ' ' << name;
        matched += compiled.matches(name) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(matched, 1000);
}

TEST(ListPattern, PercentStopsAtTheDelimiterStarDoesNot) {
  EXPECT_TRUE(matches("%", "Sent"));
  EXPECT_FALSE(matches("%", "Sent/2020"));
  EXPECT_TRUE(matches("%/%", "Sent/2020"));
  EXPECT_TRUE(matches("*", "Sent/2020"));
  EXPECT_TRUE(matches("Sent/*", "Sent/2020/May"));
  EXPECT_FALSE(matches("Sent/*", "Sent"));
  EXPECT_TRUE(matches("Sent*", "Sent"));
}

TEST(ListPattern, NamesHaveCaseButInboxHasNone) {
  EXPECT_FALSE(matches("sent", "Sent"));
  for (const auto* pattern : {"inbox", "InBox", "in%", "*x", "INBOX", "%", "*"})
    EXPECT_TRUE(matches(pattern, "INBOX")) << pattern;
  EXPECT_TRUE(matches("inbox/%", "INBOX/a"));
  EXPECT_FALSE(matches("inboxes", "INBOXes"));
  EXPECT_FALSE(matches("inbox", "Sent"));
}

TEST(ListPattern, WorksAcrossWordsOfBits) {
  const std::string name(300, 'a');
  EXPECT_TRUE(matches(name, name));
  EXPECT_TRUE(matches(name + "%", name));
  EXPECT_TRUE(matches(name + "*" + name, name + "/x/" + name));
  EXPECT_FALSE(matches(name + "%" + name, name + "/x/" + name));
  for (const std::size_t at : {62U, 63U, 64U, 65U, 127U, 128U}) {
    auto pattern = name;
    pattern[at] = '%';
    EXPECT_TRUE(matches(pattern, name)) << at;
    pattern[at] = 'b';
    EXPECT_FALSE(matches(pattern, name)) << at;
  }
}

TEST(ListPattern, TellsANameWithoutWildcards) {
  const ListPattern name{"inbox/a", '/'};
  ASSERT_NE(name.literal(), nullptr);
  EXPECT_EQ(*name.literal(), "INBOX/a");
  EXPECT_EQ((ListPattern{"a%", '/'}).literal(), nullptr);
}

TEST(ListPattern, MatchesNothingBeyondItsLimit) {
  EXPECT_TRUE(matches(std::string(ListPattern::kMaxLength, '*'), "a"));
  EXPECT_FALSE(matches(std::string(ListPattern::kMaxLength + 1, '*'), "a"));
}

}  // namespace
}  // namespace postern::imap
