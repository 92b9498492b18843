#include "suffix/public_suffix.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace postern::suffix {
namespace {

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}
std::string shown(const std::optional<dns::Name>& found) {
  return found ? found->to_string() : "-";
}

TEST(PublicSuffixList, Suffixes) {
  const auto list = PublicSuffixList::builtin();
  EXPECT_EQ(shown(list.suffix_of(name("a.example.co.uk"))), "co.uk");
  EXPECT_EQ(shown(list.suffix_of(name("co.uk"))), "co.uk");
  EXPECT_EQ(shown(list.suffix_of(name("uk"))), "uk");
  EXPECT_EQ(shown(list.suffix_of(name("user.github.io"))), "github.io");
  EXPECT_EQ(shown(list.suffix_of(name("a.b.kobe.jp"))), "b.kobe.jp");   // *.kobe.jp
  EXPECT_EQ(shown(list.suffix_of(name("x.city.kobe.jp"))), "kobe.jp");  // !city.kobe.jp
  EXPECT_EQ(shown(list.suffix_of(name("_dmarc.example.com"))), "com");
}

TEST(PublicSuffixList, WhatNoRuleKnows) {
  const auto list = PublicSuffixList::builtin();
  for (const auto* text : {"a.b.internal", "example", "a.test", "internal"})
    EXPECT_EQ(list.suffix_of(name(text)), std::nullopt) << text;
  EXPECT_EQ(list.suffix_of(dns::Name{}), std::nullopt);
  EXPECT_EQ(list.registrable(name("a.b.internal")), std::nullopt);
}

TEST(PublicSuffixList, Vectors) {
  const auto list = PublicSuffixList::builtin();
  std::ifstream in{std::string{POSTERN_TEST_DATA} + "/psl/registrable.tsv"};
  int cases = 0;
  for (std::string line; std::getline(in, line); ++cases) {
    const auto tab = line.find('\t');
    const auto parsed = dns::Name::parse(line.substr(0, tab));
    const auto wanted = dns::Name::parse(line.substr(tab + 1));
    const bool none = line.ends_with("\t-");
    if (!parsed) {
      EXPECT_TRUE(none) << line;
    } else if (!list.suffix_of(*parsed)) {
      // The list's default rule, which we leave to our callers.
      EXPECT_EQ(none ? 1U : 2U, none ? parsed->depth() : wanted->depth()) << line;
    } else {
      EXPECT_EQ(shown(list.registrable(*parsed)), none ? "-" : wanted->to_string()) << line;
    }
  }
  EXPECT_EQ(cases, 77);
}

TEST(PublicSuffixList, FromAFile) {
  const auto path = std::filesystem::path{testing::TempDir()} / "postern_suffix_test.dat";
  std::ofstream{path}
      << "// ===BEGIN ICANN DOMAINS===\nzone\nco.zone\n// ===END ICANN DOMAINS===\n";
  auto list = PublicSuffixList::load(path.string());
  ASSERT_TRUE(list);
  EXPECT_EQ(shown(list->registrable(name("a.b.co.zone"))), "b.co.zone");
  EXPECT_EQ(list->suffix_of(name("a.com")), std::nullopt);
  const PublicSuffixList moved = std::move(*list);
  EXPECT_EQ(shown(moved.suffix_of(name("x.zone"))), "zone");
  std::filesystem::remove(path);
  EXPECT_EQ(PublicSuffixList::load(path.string()).error().code, Errc::io_failed);
}

}  // namespace
}  // namespace postern::suffix
