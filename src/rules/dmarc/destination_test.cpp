#include "dmarc/destination.hpp"

#include <string>

#include <gtest/gtest.h>

#include "dmarc/zone_fixture.hpp"

namespace postern::dmarc {
namespace {

using Kind = Permission::Kind;

/// "allowed a@b.example c@d.example".
std::string asked(std::string_view zone, std::string_view from, const std::string& to,
                  const PublicSuffix& list = {}) {
  Zone dns{zone};
  const auto uri = parse_report_uri("mailto:" + to);
  const auto step = dns.decide([&](const dns::Answers& answers) {
    return may_report_to(name(from), uri.value().mailbox.value(), answers, list);
  });
  EXPECT_LE(dns.rounds, 2);
  const auto& permission = std::get<Permission>(step);
  std::string out;
  switch (permission.kind) {
    case Kind::internal:  out = "internal"; break;
    case Kind::allowed:   out = "allowed"; break;
    case Kind::denied:    out = "denied"; break;
    case Kind::temporary: out = "temporary"; break;
  }
  for (const auto& mailbox : permission.mailboxes) out += " " + mailbox.to_string();
  EXPECT_FALSE(permission.reason.empty());
  return out;
}

constexpr std::string_view kPolicy = "_dmarc.blue.example.com v=DMARC1; p=none\n";
std::string with(std::string_view more) {
  return std::string{kPolicy} + std::string{more};
}

TEST(ReportDestination, TheNameToAsk) {
  EXPECT_EQ(external_report_name(name("blue.example.com"), name("red.example.net"))->to_string(),
            "blue.example.com._report._dmarc.red.example.net");
  const std::string label(60, 'a');
  const auto deep = name(label + "." + label + "." + label);
  EXPECT_FALSE(external_report_name(deep, name(label + ".example")));
  EXPECT_FALSE(external_report_name(dns::Name{}, name("a.example")));
}

TEST(ReportDestination, TheSameOrganisationNeedsNoPermission) {
  EXPECT_EQ(asked("_dmarc.example.com v=DMARC1; p=none", "example.com", "r@example.com"),
            "internal r@example.com");
  EXPECT_EQ(asked("_dmarc.example.com v=DMARC1; p=none", "example.com", "r@in.example.com"),
            "internal r@in.example.com");
  EXPECT_EQ(asked("_dmarc.a.example.com v=DMARC1; p=none\n_dmarc.example.com v=DMARC1; p=none",
                  "a.example.com", "r@example.com"),
            "internal r@example.com");
}

TEST(ReportDestination, Strangers) {
  constexpr std::string_view kName = "blue.example.com._report._dmarc.red.example.net ";
  const auto ask = [&](std::string_view answer) {
    return asked(with(std::string{kName} + std::string{answer}), "blue.example.com",
                 "r@red.example.net");
  };
  EXPECT_EQ(asked(with(""), "blue.example.com", "r@red.example.net"), "denied");
  EXPECT_EQ(ask("v=DMARC1"), "allowed r@red.example.net");
  EXPECT_EQ(ask("v=DMARC1;"), "allowed r@red.example.net");
  EXPECT_EQ(ask("v=spf1 -all"), "denied");
  EXPECT_EQ(ask("servfail"), "temporary");
  EXPECT_EQ(ask("v=DMARC1; rua=mailto:x@red.example.net,mailto:y@RED.example.net"),
            "allowed x@red.example.net y@red.example.net");
  EXPECT_EQ(ask("v=DMARC1; rua=mailto:x@victim.example"), "denied");
  EXPECT_EQ(ask("v=DMARC1; rua=mailto:x@red.example.net,mailto:x@victim.example"), "denied");
  EXPECT_EQ(ask("v=DMARC1; rua=bogus"), "allowed r@red.example.net");
}

TEST(ReportDestination, CustomersOfARegistryAreStrangers) {
  const auto list = suffixes({"co.uk", "uk"});
  EXPECT_EQ(asked("_dmarc.co.uk v=DMARC1; p=none\n_dmarc.a.co.uk v=DMARC1; p=none", "a.co.uk",
                  "r@b.co.uk", list),
            "denied");
}

TEST(ReportDestination, WhereTheOrganisationIsNotKnownItMayBeAskedAgain) {
  EXPECT_EQ(asked(with("_dmarc.example.net servfail"), "blue.example.com", "r@red.example.net"),
            "temporary");
  EXPECT_EQ(asked(with("_dmarc.example.net servfail\n"
                       "blue.example.com._report._dmarc.red.example.net v=DMARC1"),
                  "blue.example.com", "r@red.example.net"),
            "allowed r@red.example.net");
}

}  // namespace
}  // namespace postern::dmarc
