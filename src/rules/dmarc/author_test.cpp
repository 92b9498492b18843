#include "dmarc/author.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern::dmarc {
namespace {

using Kind = NoAuthor::Kind;

std::variant<Author, NoAuthor> author(std::string_view value) {
  const std::vector<std::string_view> values{value};
  return author_of(values);
}
std::string domain(std::string_view value) {
  const auto found = author(value);
  const auto* one = std::get_if<Author>(&found);
  return one ? one->domain.to_string() : "none: " + std::get<NoAuthor>(found).text;
}
Kind fault(std::string_view value) {
  const auto found = author(value);
  EXPECT_TRUE(std::holds_alternative<NoAuthor>(found)) << value;
  return std::get<NoAuthor>(found).kind;
}

TEST(DmarcAuthor, OneMailbox) {
  EXPECT_EQ(domain("ann@example.com"), "example.com");
  EXPECT_EQ(domain(" Ann <ann@Mail.EXAMPLE.com>\r\n"), "mail.example.com");
  EXPECT_EQ(domain("ann@example.com."), "example.com");
  EXPECT_EQ(domain("ann (the one)@(here) example.com (x@evil.example)"), "example.com");
  EXPECT_EQ(domain("\"x@evil.example\" <ann@example.com>"), "example.com");
  EXPECT_EQ(domain("\"a@b\"@example.com"), "example.com");
  EXPECT_EQ(domain("<@relay.example,@other.example:ann@example.com>"), "example.com");
  EXPECT_EQ(domain("ann\r\n @example\r\n .com"), "example.com");
  EXPECT_EQ(domain("ann@x_y.example.com"), "x_y.example.com");
}

TEST(DmarcAuthor, InternationalisedDomains) {
  EXPECT_EQ(domain("ann@b\xc3\xbc"
                   "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(domain("\xc3\xa4@B\xc3\x9c"
                   "CHER.example"),
            "xn--bcher-kva.example");
  const auto same = author(
      "a@b\xc3\xbc"
      "cher.example, b@XN--BCHER-KVA.example");
  EXPECT_EQ(std::get<Author>(same).mailboxes, 2U);
  EXPECT_EQ(fault("ann@b\xfc"
                  "cher.example"),
            Kind::bad_domain);
}

TEST(DmarcAuthor, SeveralOfOneDomain) {
  const auto found = author("ann@example.com, Bob <bob@EXAMPLE.com>, g: c@example.com;");
  EXPECT_EQ(std::get<Author>(found).domain.to_string(), "example.com");
  EXPECT_EQ(std::get<Author>(found).mailboxes, 3U);
  EXPECT_EQ(domain("Doe, Ann <ann@example.com>"), "example.com");
}

TEST(DmarcAuthor, SeveralDomains) {
  EXPECT_EQ(fault("ann@example.com, bob@example.org"), Kind::several_domains);
  EXPECT_EQ(fault("ann@example.com, bob@sub.example.com"), Kind::several_domains);
  EXPECT_EQ(fault("g: ann@example.com; bob@example.org"), Kind::several_domains);
  const auto found = author("ann@example.com, bob@example.org");
  const auto& none = std::get<NoAuthor>(found);
  EXPECT_NE(none.text.find("example.com and example.org"), none.text.npos);
  EXPECT_EQ(none.reply, 554);
  EXPECT_EQ(none.enhanced, "5.6.0");
}

TEST(DmarcAuthor, NoneToBeUsed) {
  for (const std::string_view value :
       {"", " \r\n", "<>", "ann", "Ann <ann>", "undisclosed:;", "(only@comment.example)", ",,,"})
    EXPECT_EQ(fault(value), Kind::no_mailbox) << value;
  for (const std::string_view value :
       {"ann@[192.0.2.1]", "ann@[IPv6:2001:db8::1]", "ann@example..com", "ann@.example.com",
        "ann@evil\\.example.com", "ann@evil\\046example.com"})
    EXPECT_EQ(fault(value), Kind::bad_domain) << value;
  EXPECT_EQ(fault("ann@example.com, bob@[192.0.2.1]"), Kind::bad_domain);
}

TEST(DmarcAuthor, FieldsAreCounted) {
  EXPECT_EQ(std::get<NoAuthor>(author_of({})).kind, Kind::no_field);
  const std::vector<std::string_view> twice{"ann@example.com", "ann@example.com"};
  EXPECT_EQ(std::get<NoAuthor>(author_of(twice)).kind, Kind::several_fields);
}

TEST(DmarcAuthor, AnOtherDomainDoesNotHideBehindMany) {
  std::string value = "ann@example.com";
  for (std::size_t i = 1; i < kMaxAuthors; ++i) value += ", ann@example.com";
  EXPECT_EQ(std::get<Author>(author(value)).mailboxes, kMaxAuthors);
  EXPECT_EQ(fault(value + ", evil@example.org"), Kind::too_many);
}

}  // namespace
}  // namespace postern::dmarc
