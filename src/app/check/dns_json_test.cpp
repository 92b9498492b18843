#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check/dns_source.hpp"

namespace postern::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

dns::Answer ask(std::string_view text, std::string_view name, dns::Type type) {
  const auto source = DnsSource::json(text);
  if (!source) {
    ADD_FAILURE() << source.error().detail;
    return {};
  }
  const dns::Question question{dns::Name::parse(name).value(), type};
  return (*source)->ask({question}).at(question);
}

std::string error(std::string_view text) {
  const auto source = DnsSource::json(text);
  return source ? "" : source.error().detail;
}

TEST(DnsJson, RecordsAreWhatTheFileSays) {
  constexpr std::string_view kFile = R"({
    "Example.org": [["TXT", "one"], ["TXT", ["two ", "parts"]], ["A", "192.0.2.1"],
                    ["MX", 10, "mx.example.org"], ["AAAA", "2001:db8::1"]],
    "www.example.org": [["CNAME", "example.org"]]})";
  EXPECT_THAT(ask(kFile, "example.org", dns::Type::txt).all<dns::Txt>(),
              ElementsAre(dns::Txt{"one"}, dns::Txt{"two parts"}));
  EXPECT_THAT(ask(kFile, "example.org", dns::Type::mx).all<dns::Mx>(),
              ElementsAre(dns::Mx{10, dns::Name::parse("mx.example.org").value()}));
  const auto alias = ask(kFile, "www.example.org", dns::Type::aaaa);
  EXPECT_EQ(alias.canonical.to_string(), "example.org");
  EXPECT_TRUE(alias.found());
  EXPECT_EQ(ask(kFile, "example.org", dns::Type::tlsa).outcome, dns::Outcome::no_data);
  EXPECT_EQ(ask(kFile, "a.example.org", dns::Type::a).outcome, dns::Outcome::nxdomain);
}

TEST(DnsJson, FailuresAreNamed) {
  constexpr std::string_view kFile = R"({"a.example": "TIMEOUT", "b.example": "servfail",
    "c.example": "BOGUS", "d.example": [["CNAME", "d.example"]]})";
  EXPECT_EQ(ask(kFile, "a.example", dns::Type::a).outcome, dns::Outcome::timeout);
  EXPECT_EQ(ask(kFile, "b.example", dns::Type::a).outcome, dns::Outcome::servfail);
  EXPECT_EQ(ask(kFile, "c.example", dns::Type::a).status, dns::Status::bogus);
  EXPECT_EQ(ask(kFile, "d.example", dns::Type::a).outcome, dns::Outcome::servfail);
}

TEST(DnsJson, OddThingsOfTestDataAreUnderstood) {
  constexpr std::string_view kFile = R"({
    "a.example": [["SPF", "v=spf1 -all"], ["TYPE65280", "x"], ["SRV", "0 0 25 a.example"],
                  ["MX", "0 "], ["MX", 5, "."], ["A", " 192.0.2.1 "], ["TXT"], "TIMEOUT"],
    "b.example": ["TIMEOUT"], "c.example": [["CNAME", ""]],
    "macro%percent  space.example.com": [["A", "192.0.2.2"]], "a..b": [["A", "192.0.2.3"]]})";
  EXPECT_EQ(ask(kFile, "a.example", dns::Type::a).records.size(), 1U);
  EXPECT_THAT(ask(kFile, "a.example", dns::Type::txt).all<dns::Txt>(), ElementsAre(dns::Txt{""}));
  EXPECT_THAT(ask(kFile, "a.example", dns::Type::mx).all<dns::Mx>(),
              ElementsAre(dns::Mx{0, {}}, dns::Mx{5, {}}));
  EXPECT_EQ(ask(kFile, "a.example", dns::Type::aaaa).outcome, dns::Outcome::timeout);
  EXPECT_EQ(ask(kFile, "b.example", dns::Type::a).outcome, dns::Outcome::timeout);
  EXPECT_EQ(ask(kFile, "c.example", dns::Type::a).outcome, dns::Outcome::nxdomain);
  EXPECT_TRUE(ask(kFile, "macro%percent\\032\\032space.example.com", dns::Type::a).found());
}

TEST(DnsJson, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(error("{"), HasSubstr("not JSON"));
  EXPECT_THAT(error("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(R"({"a..b": 7})"), HasSubstr("\"a..b\""));
  EXPECT_THAT(error(R"({"a.example": "LATER"})"), HasSubstr("neither TIMEOUT"));
  EXPECT_THAT(error(R"({"a.example": [["A", "1.2.3"]]})"),
              HasSubstr("\"a.example\": not an address"));
  EXPECT_THAT(error(R"({"a.example": [["MX", "mx.example"]]})"), HasSubstr("10 mx.example"));
  EXPECT_THAT(error(R"({"a.example": ["LATER"]})"), HasSubstr("neither TIMEOUT"));
  EXPECT_THAT(error(R"({"a.example": [7]})"), HasSubstr("[\"TYPE\", \"data\"]"));
  EXPECT_THAT(error(R"({"a.example": [["A"]]})"), HasSubstr("[\"TYPE\", \"data\"]"));
  EXPECT_THAT(error(R"({"a.example": [["TXT", {"x": 1}]]})"), HasSubstr("strings and numbers"));
  EXPECT_THAT(error(R"({"a.example": []})"), IsEmpty());
}

}  // namespace
}  // namespace postern::check
