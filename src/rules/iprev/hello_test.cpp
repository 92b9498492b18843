#include "iprev/hello.hpp"

#include <string>

#include <gtest/gtest.h>

namespace postern::iprev {
namespace {

text::IpAddress ip(std::string_view text) {
  return *text::IpAddress::parse(text);
}

/// "name yes", with one answer for whatever is asked.
std::string judged(std::string_view argument, std::string_view peer,
                   const dns::Answer& answer = {.outcome = dns::Outcome::nxdomain}) {
  dns::Answers answers;
  auto step = check_hello(argument, ip(peer), answers);
  if (const auto* need = std::get_if<dns::Need>(&step)) {
    EXPECT_EQ(need->questions.size(), 1U);
    answers[need->questions.front()] = answer;
    step = check_hello(argument, ip(peer), answers);
  }
  const auto& hello = std::get<Hello>(step);
  EXPECT_FALSE(hello.reason.empty());
  return std::string{to_string(hello.form)} + " " + std::string{to_string(hello.match)};
}

dns::Answer found(std::string_view address) {
  return {.status = dns::Status::insecure,
          .outcome = dns::Outcome::found,
          .records = {ip("192.0.2.77"), ip(address)}};
}

TEST(Hello, Names) {
  EXPECT_EQ(judged("mail.example.com", "192.0.2.1", found("192.0.2.1")), "name yes");
  EXPECT_EQ(judged("mail.example.com", "192.0.2.1", found("192.0.2.2")), "name no");
  EXPECT_EQ(judged("mail.example.com", "2001:db8::1", found("2001:db8::1")), "name yes");
  EXPECT_EQ(judged("mail.example.com", "192.0.2.1"), "name no");
  EXPECT_EQ(judged("mail.example.com", "192.0.2.1", dns::Answer{}), "name unknown");
  EXPECT_EQ(judged("laptop", "192.0.2.1"), "single word no");
  EXPECT_EQ(judged("b\xc3\xbc"
                   "cher.example",
                   "192.0.2.1", found("192.0.2.1")),
            "name yes");
}

TEST(Hello, Literals) {
  EXPECT_EQ(judged("[192.0.2.1]", "192.0.2.1"), "literal yes");
  EXPECT_EQ(judged("[192.0.2.2]", "192.0.2.1"), "literal no");
  EXPECT_EQ(judged("[IPv6:2001:DB8::1]", "2001:db8::1"), "literal yes");
  EXPECT_EQ(judged("[IPv6:::ffff:192.0.2.1]", "192.0.2.1"), "literal yes");
}

TEST(Hello, NeitherNameNorLiteral) {
  for (const std::string_view bad :
       {"", "192.0.2.1", "[192.0.2]", "a b", "x_y.example", "-a.example", "a..b", "[",
        "2001:db8::1", "a\r\nb", "\xff.example"})
    EXPECT_EQ(judged(bad, "192.0.2.1"), "invalid no") << bad;
}

TEST(Hello, AsksForTheFamilyOfThePeer) {
  const auto six = check_hello("a.example", ip("2001:db8::1"), {});
  EXPECT_EQ(std::get<dns::Need>(six).questions.front().type, dns::Type::aaaa);
  const auto four = check_hello("a.example", ip("192.0.2.1"), {});
  EXPECT_EQ(std::get<dns::Need>(four).questions.front().type, dns::Type::a);
}

}  // namespace
}  // namespace postern::iprev
