#include "mailauth/exceptions.hpp"

#include <gtest/gtest.h>

namespace postern::mailauth {
namespace {

using Kind = dmarc::Exception::Kind;

/// Mail that fails DMARC under p=reject, from 192.0.2.1.
Findings failing() {
  Findings out;
  out.peer.ip = text::IpAddress::parse("192.0.2.1");
  out.dmarc = dmarc::Verdict{};
  out.dmarc->result = dmarc::Conclusion::fail;
  out.dmarc->applied = out.dmarc->asked = dmarc::Policy::reject;
  out.dmarc->author = dns::Name::parse("example.net").value();
  out.disposition = dmarc::dispose(*out.dmarc, out.grounds);
  return out;
}

std::optional<dmarc::Exception> found(const Findings& findings, std::vector<std::string> named) {
  return exception_for(findings, named);
}

TEST(Exceptions, AreDomainsAndNets) {
  EXPECT_EQ(parse_exception("Lists.Example.ORG").value(), "lists.example.org");
  EXPECT_EQ(parse_exception("b\u00fccher.example").value(), "xn--bcher-kva.example");
  EXPECT_EQ(parse_exception("192.0.2.7/24").value(), "192.0.2.0/24");
  EXPECT_EQ(parse_exception("2001:db8::1").value(), parse_exception("2001:DB8:0::1/128").value());
  for (const auto* bad : {"", "org", "a b.example", "192.0.2.0/33", "*"})
    EXPECT_EQ(parse_exception(bad).error().code, Errc::bad_syntax) << bad;
}

TEST(Exceptions, ANetHoldsThePeer) {
  auto mail = failing();
  EXPECT_TRUE(found(mail, {"198.51.100.0/24", "192.0.2.0/24"}));
  EXPECT_TRUE(found(mail, {"192.0.2.1"}));
  EXPECT_FALSE(found(mail, {"192.0.2.2", "2001:db8::/32"}));
  mail.peer.ip.reset();
  EXPECT_FALSE(found(mail, {"192.0.2.0/24"}));
}

TEST(Exceptions, ADomainHasToBeProven) {
  auto mail = failing();
  mail.peer.helo = "mx.lists.example";
  mail.peer.mail_from = "a@lists.example";
  EXPECT_FALSE(found(mail, {"lists.example"})) << "anybody says so";
  auto by_spf = mail;
  by_spf.spf.outcome = spf::Outcome::pass;
  by_spf.spf.domain = "bounces.lists.example";
  EXPECT_EQ(found(by_spf, {"lists.example"})->name, "lists.example");
  EXPECT_FALSE(found(by_spf, {"ists.example"}));
  auto by_dkim = mail;
  by_dkim.dkim.signatures.push_back({.verdict = dkim::Verdict::fail, .domain = "lists.example"});
  EXPECT_FALSE(found(by_dkim, {"lists.example"}));
  by_dkim.dkim.signatures.front().verdict = dkim::Verdict::pass;
  EXPECT_TRUE(found(by_dkim, {"lists.example"}));
  auto by_arc = mail;
  by_arc.arc.sealers.push_back({.domain = "lists.example"});
  EXPECT_FALSE(found(by_arc, {"lists.example"}));
  by_arc.arc.status = arc::Status::pass;
  EXPECT_TRUE(found(by_arc, {"lists.example"}));
  by_arc.arc.sealers.push_back({.domain = "other.example"});
  EXPECT_FALSE(found(by_arc, {"lists.example"})) << "another was the last";
  auto by_name = mail;
  by_name.iprev.name = dns::Name::parse("mx.lists.example").value();
  by_name.iprev.result = iprev::Conclusion::pass;
  EXPECT_TRUE(found(by_name, {"lists.example"}));
}

TEST(Exceptions, AreListsOrForwarders) {
  auto mail = failing();
  EXPECT_EQ(found(mail, {"192.0.2.1"})->kind, Kind::forwarder);
  mail.grounds.mailing_list = true;
  EXPECT_EQ(found(mail, {"192.0.2.1"})->kind, Kind::mailing_list);
}

TEST(Exceptions, EachRecipientHasWishes) {
  const auto mail = failing();
  const auto action = [&](Wishes wishes) { return disposition_for(mail, wishes).action; };
  using dmarc::AccountRule;
  EXPECT_EQ(action({}), dmarc::Action::reject);
  EXPECT_EQ(action({.rule = AccountRule::accept}), dmarc::Action::accept);
  EXPECT_EQ(action({.rule = AccountRule::junk}), dmarc::Action::junk);
  EXPECT_EQ(action({.rule = AccountRule::strict}), dmarc::Action::reject);
  EXPECT_EQ(action({.exceptions = {"192.0.2.0/24"}}), dmarc::Action::accept);
  EXPECT_EQ(action({.exceptions = {"198.51.100.0/24"}}), dmarc::Action::reject);
  auto passing = mail;
  passing.dmarc->result = dmarc::Conclusion::pass;
  passing.disposition = dmarc::dispose(*passing.dmarc, passing.grounds);
  EXPECT_EQ(disposition_for(passing, {.rule = AccountRule::strict}).action, dmarc::Action::accept);
}

}  // namespace
}  // namespace postern::mailauth
