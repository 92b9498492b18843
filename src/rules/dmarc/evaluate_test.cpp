#include "dmarc/evaluate.hpp"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmarc/zone_fixture.hpp"

namespace postern::dmarc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// "pass:example.com"; "none:" has no domain.
Identifier identifier(std::string_view text) {
  const auto colon = text.find(':');
  Identifier out{.result = parse_auth(text.substr(0, colon)).value()};
  const auto domain = text.substr(colon + 1);
  if (!domain.empty()) out.domain = name(domain);
  return out;
}

Input input(std::string_view author, std::string_view spf, std::string_view dkim = "") {
  Input out{.author = name(author), .spf = identifier(spf)};
  if (dkim.empty()) return out;
  for (const auto one : text::split(dkim, ' ')) out.dkim.push_back(identifier(one));
  return out;
}

Verdict evaluate(Zone& zone, const Input& in, const PublicSuffix& list = {}) {
  auto step =
      zone.decide([&](const dns::Answers& answers) { return dmarc::evaluate(in, answers, list); });
  EXPECT_LE(zone.rounds, 2);
  return std::get<Verdict>(std::move(step));
}
Verdict evaluate(std::string_view zone, const Input& in, const PublicSuffix& list = {}) {
  Zone dns{zone};
  return evaluate(dns, in, list);
}

/// "fail reject/quarantine sp example.com"
std::string shown(const Verdict& v) {
  std::string out{to_string(v.result)};
  if (!v.policy_domain) return out;
  out += " " + std::string{to_string(v.asked)};
  if (v.applied != v.asked) out += "/" + std::string{to_string(v.applied)};
  return out + " " + std::string{to_string(v.tag)} + " " + v.policy_domain->to_string();
}
std::vector<std::string> alignments(const Verdict& v) {
  std::vector<std::string> out{std::string{to_string(v.spf.alignment)}};
  for (const auto& judged : v.dkim) out.emplace_back(to_string(judged.alignment));
  return out;
}

constexpr std::string_view kReject = "_dmarc.example.com v=DMARC1; p=reject";

TEST(Dmarc, PassesByEitherMeans) {
  EXPECT_EQ(shown(evaluate(kReject, input("example.com", "pass:example.com"))),
            "pass reject p example.com");
  EXPECT_EQ(shown(evaluate(kReject, input("example.com", "none:", "pass:example.com"))),
            "pass reject p example.com");
  const auto v = evaluate(
      kReject, input("example.com", "pass:mail.example.com", "fail:example.com pass:evil.test"));
  EXPECT_EQ(v.result, Conclusion::pass);
  EXPECT_TRUE(v.spf_passes());
  EXPECT_FALSE(v.dkim_passes());
  EXPECT_THAT(alignments(v), ElementsAre("relaxed", "unchecked", "none"));
  EXPECT_EQ(v.reason, "SPF pass for mail.example.com (aligned, relaxed)");
}

TEST(Dmarc, Fails) {
  for (const auto* spf :
       {"fail:example.com", "softfail:example.com", "neutral:example.com", "none:example.com",
        "permerror:example.com", "policy:example.com", "pass:example.org", "pass:", "pass:com"})
    EXPECT_EQ(evaluate(kReject, input("example.com", spf)).result, Conclusion::fail) << spf;
  const auto v = evaluate(kReject, input("example.com", "pass:evil.test", "fail:example.com"));
  EXPECT_EQ(v.reason,
            "nothing aligned passes: SPF pass for evil.test (not aligned), DKIM fail for "
            "example.com");
  EXPECT_THAT(evaluate(kReject, input("example.com", "none:")).reason,
              HasSubstr("no DKIM signature"));
}

TEST(Dmarc, NoRecordNoDmarc) {
  const auto v = evaluate("", input("example.com", "pass:example.com"));
  EXPECT_EQ(shown(v), "none");
  EXPECT_EQ(v.asked, Policy::none);
  EXPECT_EQ(shown(evaluate("_dmarc.example.com v=spf1 -all", input("example.com", "none:"))),
            "none");
  // A record of the domain itself is no record of its parent.
  EXPECT_EQ(
      shown(evaluate("_dmarc.a.example.com v=DMARC1; p=reject", input("example.com", "none:"))),
      "none");
}

TEST(Dmarc, StrictAlignment) {
  constexpr std::string_view kStrict = "_dmarc.example.com v=DMARC1; p=reject; adkim=s; aspf=s";
  Zone zone{kStrict};
  const auto v = evaluate(zone, input("example.com", "pass:a.example.com", "pass:b.example.com"));
  EXPECT_EQ(v.result, Conclusion::fail);
  EXPECT_EQ(zone.rounds, 1);  // Nothing to ask for.
  EXPECT_EQ(evaluate(kStrict, input("example.com", "none:", "pass:example.com")).result,
            Conclusion::pass);
  EXPECT_EQ(evaluate("_dmarc.example.com v=DMARC1; p=reject; adkim=s",
                     input("example.com", "pass:a.example.com", "pass:b.example.com"))
                .result,
            Conclusion::pass);
}

TEST(Dmarc, PolicyOfSubdomains) {
  constexpr std::string_view kZone =
      "_dmarc.example.com v=DMARC1; p=none; sp=quarantine; np=reject\na.example.com A";
  EXPECT_EQ(shown(evaluate(kZone, input("example.com", "none:"))), "fail none p example.com");
  EXPECT_EQ(shown(evaluate(kZone, input("a.example.com", "none:"))),
            "fail quarantine sp example.com");
  const auto v = evaluate(kZone, input("b.example.com", "none:"));
  EXPECT_EQ(shown(v), "fail reject np example.com");
  EXPECT_TRUE(v.nonexistent);
  EXPECT_EQ(shown(evaluate("_dmarc.example.com v=DMARC1; p=reject; sp=none",
                           input("b.example.com", "none:"))),
            "fail none sp example.com");
  EXPECT_EQ(shown(evaluate(kReject, input("b.example.com", "none:"))), "fail reject p example.com");
}

TEST(Dmarc, ExistenceIsNxdomainAndNothingElse) {
  constexpr std::string_view kBase =
      "_dmarc.example.com v=DMARC1; p=none; sp=quarantine; np=reject\n";
  const auto tag = [&](std::string_view more) {
    return evaluate(std::string{kBase} + std::string{more}, input("b.example.com", "none:")).tag;
  };
  EXPECT_EQ(tag(""), PolicyTag::np);
  EXPECT_EQ(tag("b.example.com no_data"), PolicyTag::sp);  // Exists, without an A record.
  EXPECT_EQ(tag("x.b.example.com A"), PolicyTag::sp);      // An empty non-terminal.
  EXPECT_EQ(tag("_dmarc.b.example.com no_data"), PolicyTag::sp);
}

TEST(Dmarc, AnAliasThatLeadsNowhereExists) {
  const Input in = input("b.example.com", "none:");
  dns::Answers answers;
  for (const auto* text : {"_dmarc.b.example.com", "_dmarc.com"})
    answers[{name(text), dns::Type::txt}] = {.outcome = dns::Outcome::nxdomain};
  answers[{name("_dmarc.example.com"), dns::Type::txt}] = {
      .outcome = dns::Outcome::found, .records = {dns::Txt{"v=DMARC1; p=none; np=reject"}}};
  auto& existence = answers[{name("b.example.com"), dns::Type::a}];
  existence = {.outcome = dns::Outcome::nxdomain, .canonical = name("b.example.com")};
  EXPECT_TRUE(std::get<Verdict>(dmarc::evaluate(in, answers)).nonexistent);
  existence.canonical = name("gone.example.net");
  EXPECT_FALSE(std::get<Verdict>(dmarc::evaluate(in, answers)).nonexistent);
}

TEST(Dmarc, WhenExistenceIsNotKnownTheMilderPolicyHolds) {
  const auto asked = [](const std::string& policies) {
    Zone zone{"_dmarc.example.com v=DMARC1; p=none; " + policies};
    const Input in = input("b.example.com", "none:");
    dns::Answers answers;
    while (true) {
      auto step = dmarc::evaluate(in, answers);
      if (const auto* verdict = std::get_if<Verdict>(&step)) return *verdict;
      for (const auto& question : std::get<dns::Need>(step).questions)
        answers[question] = question.type == dns::Type::a ? dns::Answer{} : zone.answer(question);
    }
  };
  EXPECT_EQ(shown(asked("sp=quarantine; np=reject")), "fail quarantine sp example.com");
  EXPECT_EQ(shown(asked("sp=reject; np=none")), "fail none np example.com");
  EXPECT_FALSE(asked("sp=reject; np=none").nonexistent);
}

TEST(Dmarc, TestMode) {
  EXPECT_EQ(
      shown(evaluate("_dmarc.example.com v=DMARC1; p=reject; t=y", input("example.com", "none:"))),
      "fail reject/quarantine p example.com");
  const auto v = evaluate("_dmarc.example.com v=DMARC1; p=none; sp=quarantine; t=y",
                          input("a.example.com", "none:"));
  EXPECT_EQ(shown(v), "fail quarantine/none sp example.com");
  EXPECT_TRUE(v.tested);
  EXPECT_FALSE(
      evaluate("_dmarc.example.com v=DMARC1; p=none; t=y", input("example.com", "none:")).tested);
}

TEST(Dmarc, FindsWhatAListOfSuffixesWouldNot) {
  constexpr std::string_view kZone = "_dmarc.b.example.com v=DMARC1; p=reject";
  const auto list = suffixes({"com"});
  const auto v = evaluate(kZone, input("a.b.example.com", "pass:x.b.example.com"), list);
  EXPECT_EQ(shown(v), "pass reject p b.example.com");
  EXPECT_EQ(v.organisation.to_string(), "b.example.com");
  // By RFC 9989 that domain is an organisation of its own.
  EXPECT_EQ(evaluate(kZone, input("a.b.example.com", "pass:example.com"), list).result,
            Conclusion::fail);
}

TEST(Dmarc, RecordsOfSubOrganisations) {
  constexpr std::string_view kZone =
      "_dmarc.example.com v=DMARC1; p=reject\n_dmarc.dep.example.com v=DMARC1; p=none; psd=n";
  EXPECT_EQ(shown(evaluate(kZone, input("a.dep.example.com", "pass:example.com"))),
            "fail none p dep.example.com");
  EXPECT_EQ(shown(evaluate(kZone, input("a.dep.example.com", "pass:b.dep.example.com"))),
            "pass none p dep.example.com");
  EXPECT_EQ(shown(evaluate(kZone, input("example.com", "pass:dep.example.com"))),
            "fail reject p example.com");
  EXPECT_EQ(shown(evaluate(kZone, input("a.example.com", "pass:b.example.com"))),
            "pass reject p example.com");
}

TEST(Dmarc, RecordsOfRegistries) {
  constexpr std::string_view kZone =
      "_dmarc.bank.example v=DMARC1; p=none; sp=quarantine; np=reject; psd=y\n"
      "_dmarc.giant.bank.example v=DMARC1; p=reject\nmega.bank.example A";
  // RFC 9989 B.4.3.
  const auto giant = evaluate(kZone, input("giant.bank.example", "pass:mail.giant.bank.example",
                                           "pass:mail.mega.bank.example"));
  EXPECT_EQ(shown(giant), "pass reject p giant.bank.example");
  EXPECT_THAT(alignments(giant), ElementsAre("relaxed", "none"));
  EXPECT_FALSE(giant.from_psd);
  const auto mega = evaluate(kZone, input("mega.bank.example", "pass:giant.bank.example"));
  EXPECT_EQ(shown(mega), "fail quarantine sp bank.example");
  EXPECT_TRUE(mega.from_psd);
  EXPECT_EQ(shown(evaluate(kZone, input("evil.bank.example", "none:"))),
            "fail reject np bank.example");
  EXPECT_EQ(shown(evaluate(kZone, input("a.mega.bank.example", "pass:b.mega.bank.example"))),
            "pass reject np bank.example");
}

TEST(Dmarc, CustomersOfAPublicSuffixDoNotSignForEachOther) {
  constexpr std::string_view kZone = "_dmarc.co.uk v=DMARC1; p=reject";
  const auto list = suffixes({"co.uk", "uk"});
  EXPECT_EQ(shown(evaluate(kZone, input("bank.co.uk", "pass:evil.co.uk"), list)), "none");
  EXPECT_EQ(shown(evaluate(kZone, input("co.uk", "pass:evil.co.uk"), list)), "fail reject p co.uk");
  const std::string zone = std::string{kZone} + "\n_dmarc.bank.co.uk v=DMARC1; p=reject";
  EXPECT_EQ(shown(evaluate(zone, input("a.bank.co.uk", "pass:evil.co.uk"), list)),
            "fail reject p bank.co.uk");
  EXPECT_EQ(shown(evaluate(zone, input("a.bank.co.uk", "pass:b.bank.co.uk"), list)),
            "pass reject p bank.co.uk");
}

TEST(Dmarc, BadRecords) {
  const auto v =
      evaluate("_dmarc.example.com v=DMARC1; p=nonsense", input("example.com", "pass:example.com"));
  EXPECT_EQ(v.result, Conclusion::permerror);
  EXPECT_EQ(v.applied, Policy::none);
  EXPECT_THAT(v.faults, ElementsAre("_dmarc.example.com: p is not valid"));
  const auto reported = evaluate("_dmarc.example.com v=DMARC1; sp=x; rua=mailto:r@example.com",
                                 input("example.com", "none:"));
  EXPECT_EQ(shown(reported), "fail none p example.com");
}

TEST(Dmarc, SeveralRecordsAreDiscardedAndTheWalkGoesOn) {
  const Input in = input("a.example.com", "none:");
  dns::Answers answers;
  answers[{name("_dmarc.com"), dns::Type::txt}] = {.outcome = dns::Outcome::no_data};
  answers[{name("_dmarc.a.example.com"), dns::Type::txt}] = {
      .outcome = dns::Outcome::found,
      .records = {dns::Txt{"v=DMARC1; p=none"}, dns::Txt{"v=DMARC1; p=none"}}};
  answers[{name("_dmarc.example.com"), dns::Type::txt}] = {
      .outcome = dns::Outcome::found, .records = {dns::Txt{"v=DMARC1; p=reject"}}};
  const auto v = std::get<Verdict>(dmarc::evaluate(in, answers));
  EXPECT_EQ(shown(v), "fail reject p example.com");
  EXPECT_THAT(v.faults, ElementsAre("several records at _dmarc.a.example.com"));
}

TEST(Dmarc, TemporaryErrorsOfTheRecord) {
  const auto v = evaluate("_dmarc.example.com servfail", input("example.com", "fail:example.com"));
  EXPECT_EQ(v.result, Conclusion::temperror);
  EXPECT_FALSE(v.would_pass);
  EXPECT_TRUE(
      evaluate("_dmarc.example.com timeout", input("example.com", "none:", "pass:example.com"))
          .would_pass);
  EXPECT_FALSE(
      evaluate("_dmarc.example.com bogus", input("example.com", "pass:a.example.com")).would_pass);
  // Nothing above the Author Domain can change its own policy, but alignment may depend on it.
  constexpr std::string_view kAbove =
      "_dmarc.a.example.com v=DMARC1; p=reject\n_dmarc.example.com servfail";
  EXPECT_EQ(evaluate(kAbove, input("a.example.com", "pass:a.example.com")).result,
            Conclusion::pass);
  EXPECT_EQ(evaluate(kAbove, input("a.example.com", "pass:evil.test")).result, Conclusion::fail);
  const auto open = evaluate(kAbove, input("a.example.com", "pass:b.example.com"));
  EXPECT_EQ(shown(open), "temperror reject p a.example.com");
  EXPECT_THAT(alignments(open), ElementsAre("unknown"));
  // Above the only record that was found so far, too.
  EXPECT_EQ(evaluate("_dmarc.a.example.com servfail\n_dmarc.example.com v=DMARC1; p=reject",
                     input("b.a.example.com", "none:"))
                .result,
            Conclusion::temperror);
}

TEST(Dmarc, TemporaryErrorsAtAPublicSuffix) {
  const auto list = suffixes({"com"});
  const std::string zone = std::string{kReject} + "\n_dmarc.com servfail";
  EXPECT_EQ(evaluate(zone, input("example.com", "none:", "pass:a.example.com"), list).result,
            Conclusion::pass);
  EXPECT_EQ(evaluate(zone, input("a.example.com", "none:", "pass:evil.com"), list).result,
            Conclusion::fail);
  // The suffix may have the only policy there is.
  EXPECT_EQ(evaluate("_dmarc.com servfail", input("example.com", "none:"), list).result,
            Conclusion::temperror);
}

TEST(Dmarc, TemporaryErrorsOfSpfAndDkim) {
  EXPECT_EQ(evaluate(kReject, input("example.com", "temperror:example.com")).result,
            Conclusion::temperror);
  EXPECT_EQ(evaluate(kReject, input("example.com", "none:", "temperror:a.example.com")).result,
            Conclusion::temperror);
  EXPECT_EQ(evaluate(kReject, input("example.com", "temperror:evil.test")).result,
            Conclusion::fail);
  EXPECT_EQ(
      evaluate(kReject, input("example.com", "temperror:example.com", "pass:example.com")).result,
      Conclusion::pass);
}

TEST(Dmarc, AsksLittle) {
  Zone same{kReject};
  evaluate(same, input("example.com", "pass:example.com", "pass:example.com"));
  EXPECT_EQ(same.asked, 2);
  EXPECT_EQ(same.rounds, 1);
  Zone strangers{kReject};
  evaluate(strangers, input("example.com", "pass:a.test", "pass:b.test pass:c.test"));
  EXPECT_EQ(strangers.asked, 2);
}

TEST(Dmarc, ManySignaturesCostNoMoreThanAFew) {
  Input in = input("example.com", "none:");
  for (int i = 0; i < 1000; ++i) {
    in.dkim.push_back({.result = Auth::pass,
                       .domain = name("s" + std::to_string(i) + ".a.b.c.d.e.f.g.h.example.org")});
    in.dkim.push_back({.result = Auth::temperror,
                       .domain = name("t" + std::to_string(i) + ".a.b.c.d.e.f.g.h.example.com")});
  }
  Zone zone{kReject};
  const auto v = evaluate(zone, in);
  EXPECT_LE(zone.asked, 2 + static_cast<int>(kMaxWalkedIdentifiers * kMaxWalk));
  EXPECT_EQ(v.dkim.size(), 2000U);
  EXPECT_LT(v.reason.size(), 2000U);
}

TEST(Dmarc, DnssecIsCarriedAlong) {
  EXPECT_EQ(evaluate("_dmarc.example.com +v=DMARC1; p=none\n_dmarc.com +no_data",
                     input("example.com", "pass:example.com"))
                .status,
            dns::Status::secure);
  EXPECT_EQ(evaluate(kReject, input("example.com", "pass:example.com")).status,
            dns::Status::insecure);
}

TEST(Dmarc, Vectors) {
  const auto list = suffixes({"co.uk", "com", "example", "github.io", "io", "org", "test", "uk"});
  std::ifstream in{std::string{POSTERN_TEST_DATA} + "/dmarc/evaluation.tsv"};
  int cases = 0;
  for (std::string line; std::getline(in, line); ++cases) {
    const auto fields = text::split(line, '\t');
    ASSERT_EQ(fields.size(), 8U) << line;
    std::string zone;
    for (const auto record : text::split(fields.at(2), '|')) zone += std::string{record} + "\n";
    const auto v = evaluate(
        zone, input(fields.at(1), fields.at(3), fields.at(4) == "-" ? "" : fields.at(4)), list);
    EXPECT_EQ(to_string(v.result), fields.at(5)) << line;
    EXPECT_EQ(v.policy_domain ? v.policy_domain->to_string() : "-", fields.at(7)) << line;
    EXPECT_EQ(v.policy_domain ? to_string(v.asked) : "-", fields.at(6)) << line;
  }
  EXPECT_EQ(cases, 224);
}

}  // namespace
}  // namespace postern::dmarc
