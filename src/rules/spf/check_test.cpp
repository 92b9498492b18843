#include "spf/check.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spf/test_dns.hpp"

namespace postern::spf {
namespace {

using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;

class CheckTest : public testing::Test {
 protected:
  void txt(std::string_view name, std::string_view text) { dns_.add(name, "TXT", text); }
  Verdict check(std::string_view from, std::string_view ip = "192.0.2.1",
                std::string_view helo = "mail.example.org") {
    return dns_.check({.ip = *text::IpAddress::parse(ip),
                       .helo = helo,
                       .mail_from = from,
                       .receiver = "mx.example.net",
                       .now = Timestamp{std::chrono::seconds{1'700'000'000}}});
  }
  TestDns dns_;
};

TEST_F(CheckTest, SaysWhatDecided) {
  txt("example.org", "v=spf1 ip4:198.51.100.0/24 include:x.example ~all");
  txt("x.example", "v=spf1 ip4:192.0.2.0/24 -all");
  const auto pass = check("ann@example.org");
  EXPECT_EQ(pass.outcome, Outcome::pass);
  EXPECT_EQ(pass.matched, "include:x.example");
  EXPECT_EQ(pass.domain, "example.org");
  EXPECT_EQ(pass.lookups, 1U);
  EXPECT_FALSE(pass.secure);
  const auto soft = check("ann@example.org", "203.0.113.1");
  EXPECT_EQ(soft.outcome, Outcome::softfail);
  EXPECT_EQ(soft.matched, "~all");
  EXPECT_EQ(soft.why, "");
}

TEST_F(CheckTest, TellsEachStepIfAsked) {
  txt("example.org", "v=spf1 ip4:198.51.100.0/24 include:x.example redirect=y.example");
  txt("x.example", "v=spf1 ip4:203.0.113.0/24 -all");
  txt("y.example", "v=spf1 ?all");
  const auto verdict = dns_.check({.ip = *text::IpAddress::parse("192.0.2.1"),
                                   .helo = "mail.example.org",
                                   .mail_from = "ann@example.org",
                                   .receiver = "mx.example.net",
                                   .now = {},
                                   .with_steps = true});
  EXPECT_THAT(verdict.steps,
              testing::ElementsAre(
                  "example.org: the record is v=spf1 ip4:198.51.100.0/24 include:x.example "
                  "redirect=y.example",
                  "example.org: ip4:198.51.100.0/24 does not match",
                  "x.example: the record is v=spf1 ip4:203.0.113.0/24 -all",
                  "x.example: ip4:203.0.113.0/24 does not match", "x.example: -all matches",
                  "example.org: include:x.example does not match",
                  "example.org: redirect=y.example decides", "y.example: the record is v=spf1 ?all",
                  "y.example: ?all matches"));
  EXPECT_THAT(check("ann@example.org").steps, SizeIs(0));
}

TEST_F(CheckTest, TheNullPathIsJudgedByEhlo) {
  txt("mail.example.org", "v=spf1 -all exp=why.example.org");
  txt("why.example.org", "%{s} from %{c} at %{t}, told %{r}");
  const auto verdict = check("");
  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_EQ(verdict.domain, "mail.example.org");
  EXPECT_EQ(verdict.explanation,
            "postmaster@mail.example.org from 192.0.2.1 at 1700000000, told mx.example.net");
  EXPECT_EQ(check("", "192.0.2.1", "[192.0.2.1]").outcome, Outcome::none);
  EXPECT_EQ(check("", "192.0.2.1", "localhost").outcome, Outcome::none);
  EXPECT_EQ(check("a@").outcome, Outcome::none);
}

TEST_F(CheckTest, DomainsMayBeUnicode) {
  txt("xn--bcher-kva.example", "v=spf1 exists:%{o}.ok.example -all");
  dns_.add("xn--bcher-kva.example.ok.example", "A", "127.0.0.2");
  EXPECT_EQ(check("ann@b\u00fccher.example").outcome, Outcome::pass);
}

// RFC 8616 §4: such a local part matches nothing, so that nothing is decided by it.
TEST_F(CheckTest, LocalPartsThatAreNotAsciiMatchNothing) {
  txt("example.org", "v=spf1 exists:%{l}.ok.example ?all");
  EXPECT_EQ(check("\u00e4@example.org").outcome, Outcome::neutral);
}

TEST_F(CheckTest, OddLocalPartsAreAskedForAsTheyAre) {
  txt("example.org", "v=spf1 exists:%{l}.ok.example -all");
  dns_.add("a\\032b\\092c.ok.example", "A", "127.0.0.2");
  EXPECT_EQ(check("a b\\c@example.org").outcome, Outcome::pass);
  EXPECT_EQ(check("..@example.org").outcome, Outcome::fail);
}

TEST_F(CheckTest, ExplanationsAreOneShortLineOfAscii) {
  txt("example.org", "v=spf1 -all exp=why.example.org");
  txt("why.example.org", std::string(2000, 'x'));
  EXPECT_THAT(check("ann@example.org").explanation, SizeIs(250));
  EXPECT_EQ(check("a\r\nb@example.org").explanation, std::string(250, 'x'));
  TestDns other;
  dns_ = {};
  txt("example.org", "v=spf1 -all exp=why.example.org");
  txt("why.example.org", "%{l}");
  EXPECT_EQ(check("ok@example.org").explanation, "ok");
  EXPECT_EQ(check("a\r\nb@example.org").explanation, "");
}

TEST_F(CheckTest, IncludesWithoutEndEnd) {
  txt("example.org", "v=spf1 include:example.org -all");
  const auto verdict = check("ann@example.org");
  EXPECT_EQ(verdict.outcome, Outcome::permerror);
  EXPECT_THAT(verdict.why, HasSubstr("more than 10"));
  txt("a.example", "v=spf1 redirect=a.example");
  EXPECT_EQ(check("ann@a.example").outcome, Outcome::permerror);
}

TEST_F(CheckTest, AFanOfIncludesIsCutOff) {
  std::string record = "v=spf1";
  for (int i = 0; i < 400; ++i) {
    const std::string name = "i" + std::to_string(i) + ".example";
    record += " include:" + name;
    txt(name, "v=spf1 mx mx:x.example ?all");
  }
  txt("example.org", record + " -all");
  EXPECT_EQ(check("ann@example.org").outcome, Outcome::permerror);
  EXPECT_THAT(dns_.asked, Le(20U));
}

TEST_F(CheckTest, ExchangersAreAskedForTogether) {
  txt("example.org", "v=spf1 mx -all");
  for (int i = 0; i < 9; ++i) {
    const std::string host = "m" + std::to_string(i) + ".example.org";
    dns_.add("example.org", "MX", "10 " + host);
    dns_.add(host, "A", "192.0.2.2");
  }
  dns_.add("example.org", "MX", "20 last.example.org");
  dns_.add("last.example.org", "A", "192.0.2.1");
  EXPECT_EQ(check("ann@example.org").outcome, Outcome::pass);
  EXPECT_EQ(dns_.rounds, 3U);
}

TEST_F(CheckTest, APeersNamesAreAskedForOnce) {
  txt("example.org", "v=spf1 exists:%{p}.a.example exists:%{p}.b.example ptr:%{p}.c.example ?all");
  EXPECT_EQ(check("ann@example.org").outcome, Outcome::permerror) << "three found nothing";
  dns_.add("192.0.2.1", "PTR", "host.example.org");
  dns_.add("host.example.org", "A", "192.0.2.1");
  dns_.add("host.example.org.b.example", "A", "127.0.0.1");
  const auto verdict = check("ann@example.org");
  EXPECT_EQ(verdict.outcome, Outcome::pass);
  EXPECT_EQ(verdict.matched, "exists:%{p}.b.example");
}

TEST_F(CheckTest, AFailureOfDnsIsTemporaryUnlessSomethingMatchesBefore) {
  txt("example.org", "v=spf1 ip4:192.0.2.1 a:slow.example -all");
  dns_.add("slow.example", "TIMEOUT", "");
  EXPECT_EQ(check("ann@example.org").outcome, Outcome::pass);
  const auto verdict = check("ann@example.org", "192.0.2.2");
  EXPECT_EQ(verdict.outcome, Outcome::temperror);
  EXPECT_EQ(verdict.why, "DNS: slow.example A: timeout");
  dns_.add("example.net", "TIMEOUT", "");
  EXPECT_EQ(check("ann@example.net").outcome, Outcome::temperror);
}

TEST_F(CheckTest, BogusAnswersAreTemporaryErrorsAndSecureOnesAreToldSo) {
  const dns::Question question{*dns::Name::parse("example.org"), dns::Type::txt};
  const Query query{.ip = *text::IpAddress::parse("192.0.2.1"),
                    .helo = "x",
                    .mail_from = "a@example.org",
                    .receiver = {},
                    .now = {}};
  const auto with = [&](dns::Status status, dns::Outcome outcome) {
    dns::Answers answers;
    answers[question] = {
        .status = status, .outcome = outcome, .records = {dns::Txt{"v=spf1 +all"}}};
    return std::get<Verdict>(spf::check(query, answers));
  };
  EXPECT_EQ(with(dns::Status::bogus, dns::Outcome::servfail).outcome, Outcome::temperror);
  EXPECT_THAT(with(dns::Status::bogus, dns::Outcome::servfail).why, HasSubstr("bogus"));
  EXPECT_TRUE(with(dns::Status::secure, dns::Outcome::found).secure);
  EXPECT_FALSE(with(dns::Status::insecure, dns::Outcome::found).secure);
}

TEST_F(CheckTest, WrongRecordsSayWhereTheyAreWrong) {
  const auto why = [&](std::string_view record) {
    dns_ = {};
    txt("example.org", record);
    const auto verdict = check("ann@example.org");
    EXPECT_EQ(verdict.outcome, Outcome::permerror) << record;
    return verdict.why;
  };
  EXPECT_THAT(why("v=spf1 +all ipv4:1.2.3.4"), HasSubstr("ipv4:1.2.3.4: unknown mechanism"));
  EXPECT_THAT(why("v=spf1 ip4:1.2.3.400"), HasSubstr("not an address"));
  EXPECT_THAT(why("v=spf1 ip4:1.2.3.4/33"), HasSubstr("prefix length"));
  EXPECT_THAT(why("v=spf1 a//129"), HasSubstr("prefix length"));
  EXPECT_THAT(why("v=spf1 all:x"), HasSubstr("no argument"));
  EXPECT_THAT(why("v=spf1 include:%{q}.x.example"), HasSubstr("unknown macro letter"));
  EXPECT_THAT(why("v=spf1 include:%{t}.x.example"), HasSubstr("only explanations"));
  EXPECT_THAT(why("v=spf1 exists:%{d0}.x.example"), HasSubstr("keeps no part"));
  EXPECT_THAT(why("v=spf1 redirect=a.example redirect=b.example"), HasSubstr("given twice"));
  EXPECT_THAT(why("v=spf1 \xff"), HasSubstr("?: unknown mechanism"));
  EXPECT_THAT(why(std::string{"v=spf1 a:\0.example", 18}), HasSubstr("must not be here"));
}

TEST(Macro, LongNamesLoseLabelsFromTheLeft) {
  const std::string tail = "x." + std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                           std::string(63, 'c') + "." + std::string(50, 'd');
  EXPECT_EQ(shortened(std::string(20, 'y') + "." + tail), tail);
  EXPECT_EQ(shortened("a.example."), "a.example");
  const std::string one(300, 'z');
  EXPECT_EQ(shortened(one), one);
}

TEST(Macro, ExpansionIsBounded) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "%{l}";
  const std::string local(10'000, 'x');
  const auto macro = MacroString::parse(text, MacroUse::explanation);
  ASSERT_TRUE(macro);
  EXPECT_THAT(expand(*macro, {.local_part = local,
                              .sender_domain = {},
                              .domain = {},
                              .ip = {},
                              .validated = {},
                              .helo = {},
                              .receiver = {},
                              .now = {}}),
              SizeIs(kMaxExpansion));
}

}  // namespace
}  // namespace postern::spf
