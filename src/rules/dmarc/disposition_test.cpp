#include "dmarc/disposition.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmarc/zone_fixture.hpp"

namespace postern::dmarc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A message of example.com that fails, SPF softfail, one broken signature.
Verdict failed(Policy policy) {
  Verdict v{.result = Conclusion::fail, .author = name("example.com")};
  v.policy_domain = v.author;
  v.record = Record{};
  v.organisation = v.author;
  v.asked = policy;
  v.applied = policy;
  v.spf.identifier = {.result = Auth::softfail, .domain = name("example.org")};
  v.dkim.push_back({.identifier = {.result = Auth::fail, .domain = v.author}});
  v.reason = "nothing aligned passes";
  return v;
}

/// "reject reject 550 5.7.26", "junk quarantine mailing_list".
std::string shown(const Disposition& d) {
  std::string out = std::string{to_string(d.action)} + " " + std::string{to_string(d.reported)};
  for (const auto& reason : d.reasons) out += " " + std::string{to_string(reason.type)};
  if (d.reply != 0) out += " " + std::to_string(d.reply) + " " + std::string{d.enhanced};
  return out;
}
std::string shown(const Verdict& verdict, const Grounds& grounds) {
  return shown(dispose(verdict, grounds));
}

const Grounds kSeen{.seen_passing = true};

TEST(Disposition, NothingIsDoneWithoutAFailure) {
  for (const auto result : {Conclusion::none, Conclusion::pass, Conclusion::permerror}) {
    Verdict v = failed(Policy::reject);
    v.result = result;
    EXPECT_EQ(shown(v, {.blocklisted = true, .strict = true}), "accept none");
  }
  EXPECT_EQ(shown(failed(Policy::none), {.blocklisted = true, .strict = true}), "accept none");
}

TEST(Disposition, QuarantineIsJunk) {
  EXPECT_EQ(shown(failed(Policy::quarantine), {}), "junk quarantine");
  EXPECT_EQ(shown(failed(Policy::quarantine), {.strict = true}), "junk quarantine");
  EXPECT_EQ(shown(failed(Policy::quarantine), {.mailing_list = true}), "junk quarantine");
}

TEST(Disposition, RejectNeedsASecondGround) {
  const auto d = dispose(failed(Policy::reject), {});
  EXPECT_EQ(shown(d), "reject reject 550 5.7.26");
  EXPECT_EQ(d.ground, SecondGround::unknown_path);
  EXPECT_THAT(d.text, HasSubstr("DMARC"));
  EXPECT_THAT(d.text, HasSubstr("example.com (p=reject at _dmarc.example.com)"));
  EXPECT_THAT(d.explanation, HasSubstr(std::string{to_string(*d.ground)}));
  EXPECT_EQ(shown(failed(Policy::reject), {.seen_passing = true}), "junk quarantine local_policy");
  EXPECT_EQ(shown(failed(Policy::reject), {.mailing_list = true}), "junk quarantine mailing_list");
}

TEST(Disposition, EverySecondGroundSufficesAndIsNamed) {
  const auto ground = [](const Verdict& v, const Grounds& g) { return dispose(v, g).ground; };
  Verdict v = failed(Policy::reject);
  EXPECT_EQ(ground(v, {.seen_passing = true, .blocklisted = true}), SecondGround::blocklisted);
  EXPECT_EQ(ground(v, {.seen_passing = true, .bad_reputation = true}),
            SecondGround::bad_reputation);
  EXPECT_EQ(ground(v, {.mailing_list = true, .strict = true}), SecondGround::strict_option);
  EXPECT_EQ(ground(v, {.seen_passing = true, .account = AccountRule::strict}),
            SecondGround::strict_option);

  Verdict bare = v;
  bare.dkim.clear();
  EXPECT_EQ(ground(bare, kSeen), std::nullopt);
  bare.spf.identifier.result = Auth::fail;
  EXPECT_EQ(ground(bare, kSeen), SecondGround::unsigned_spf_fail);
  bare.dkim.push_back({.identifier = {.result = Auth::none}});
  EXPECT_EQ(ground(bare, kSeen), SecondGround::unsigned_spf_fail);
  bare.dkim.push_back({.identifier = {.result = Auth::neutral}});
  EXPECT_EQ(ground(bare, kSeen), std::nullopt);

  Verdict ghost = v;
  ghost.nonexistent = true;
  EXPECT_EQ(ground(ghost, kSeen), std::nullopt);
  ghost.tag = PolicyTag::np;
  EXPECT_EQ(ground(ghost, kSeen), SecondGround::nonexistent_name);
  ghost.nonexistent = false;
  EXPECT_EQ(ground(ghost, kSeen), std::nullopt);
}

TEST(Disposition, AllGroundsForTheTrace) {
  Verdict v = failed(Policy::reject);
  v.tag = PolicyTag::np;
  v.nonexistent = true;
  v.dkim.clear();
  v.spf.identifier.result = Auth::fail;
  EXPECT_THAT(second_grounds(v, {.bad_reputation = true, .blocklisted = true, .strict = true}),
              ElementsAre(SecondGround::nonexistent_name, SecondGround::unsigned_spf_fail,
                          SecondGround::blocklisted, SecondGround::bad_reputation,
                          SecondGround::unknown_path, SecondGround::strict_option));
  EXPECT_THAT(second_grounds(failed(Policy::reject), kSeen), IsEmpty());
}

TEST(Disposition, WhatLetsItPass) {
  for (const auto policy : {Policy::quarantine, Policy::reject}) {
    const auto arc =
        dispose(failed(policy),
                {.trusted_arc = true, .arc_sealer = "lists.example\r\n", .blocklisted = true});
    EXPECT_EQ(shown(arc), "accept none trusted_forwarder");
    EXPECT_EQ(arc.reasons.front().comment, "ARC chain sealed by lists.example??");
    EXPECT_EQ(shown(failed(policy), {.exception = Exception{Exception::Kind::forwarder, "alumni"}}),
              "accept none trusted_forwarder");
    const auto list = dispose(
        failed(policy),
        {.exception = Exception{Exception::Kind::mailing_list, "dev@l.example"}, .strict = true});
    EXPECT_EQ(shown(list), "accept none mailing_list");
    EXPECT_THAT(list.explanation, HasSubstr("dev@l.example"));
    EXPECT_EQ(shown(failed(policy), {.account = AccountRule::accept}), "accept none local_policy");
  }
}

TEST(Disposition, AnAccountMayWantJunk) {
  EXPECT_EQ(shown(failed(Policy::reject), {.blocklisted = true, .account = AccountRule::junk}),
            "junk quarantine local_policy");
  EXPECT_EQ(shown(failed(Policy::quarantine), {.account = AccountRule::junk}), "junk quarantine");
}

TEST(Disposition, TestModeIsReported) {
  Verdict v = failed(Policy::reject);
  v.applied = Policy::quarantine;
  v.tested = true;
  EXPECT_EQ(shown(v, {}), "junk quarantine policy_test_mode");
  v.asked = Policy::quarantine;
  v.applied = Policy::none;
  EXPECT_EQ(shown(v, {}), "accept none policy_test_mode");
}

TEST(Disposition, DefersOnlyWhenNothingElsePasses) {
  Verdict v{.result = Conclusion::temperror, .author = name("example.com")};
  const auto d = dispose(v, {});
  EXPECT_EQ(shown(d), "defer none 451 4.7.0");
  EXPECT_THAT(d.text, HasSubstr("DMARC"));
  EXPECT_EQ(shown(v, {.trusted_arc = true}), "accept none trusted_forwarder");
  EXPECT_EQ(shown(v, {.account = AccountRule::accept}), "accept none local_policy");
  EXPECT_EQ(shown(v, {.seen_passing = true}), "defer none 451 4.7.0");
  v.would_pass = true;
  EXPECT_EQ(shown(v, {}), "accept none");
  // A policy of none moves nothing, whatever DNS says later.
  Verdict known = failed(Policy::none);
  known.result = Conclusion::temperror;
  EXPECT_EQ(shown(known, {}), "accept none");
  known.applied = Policy::reject;
  EXPECT_EQ(shown(known, {}), "defer none 451 4.7.0");
}

TEST(Disposition, OfARealVerdict) {
  Zone zone{"_dmarc.example.com v=DMARC1; p=none; np=reject"};
  const Input in{.author = name("b.example.com"), .spf = {.result = Auth::none}};
  const auto step = zone.decide(
      [&](const dns::Answers& answers) { return evaluate(in, answers, PublicSuffix{}); });
  const auto d = dispose(std::get<Verdict>(step), kSeen);
  EXPECT_EQ(d.text,
            "Refused by DMARC: this mail fails the policy of b.example.com (np=reject at "
            "_dmarc.example.com), and the domain does not exist");
}

}  // namespace
}  // namespace postern::dmarc
