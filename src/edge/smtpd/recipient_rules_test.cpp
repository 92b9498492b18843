#include "smtpd/recipient_rules.hpp"

#include <map>

#include <gtest/gtest.h>

#include "smtpd/fakes.hpp"

namespace postern::smtpd {
namespace {

using delivery::Folder;
using dmarc::AccountRule;
using dmarc::Action;

/// Every local part is an account, "both" an alias of two, "out" one that leads elsewhere.
class People final : public FakeDirectory {
 public:
  People() : FakeDirectory{""} {}
  directory::Resolution resolve(const smtp::Address& address) const override {
    directory::Resolution out{.kind = directory::Resolution::Kind::found};
    if (address.local == "out") {
      out.remote.push_back(smtp::parse_address("x@example.com").value());
      return out;
    }
    out.accounts.push_back({.account = id(address.local)});
    if (address.local == "both") out.accounts.push_back({.account = id("another")});
    return out;
  }
  std::optional<directory::Account> account(AccountId of) const override {
    const auto found = rules.find(of);
    if (found == rules.end()) return directory::Account{};
    return directory::Account{.id = of, .dmarc = found->second};
  }
  static AccountId id(std::string_view name) {
    return AccountId{std::hash<std::string_view>{}(name)};
  }
  void want(std::string_view name, AccountRule rule) { rules[id(name)] = rule; }

  std::map<AccountId, AccountRule> rules;
};

class RecipientRulesTest : public ::testing::Test {
 protected:
  RecipientRulesTest() {
    mail_.dmarc = dmarc::Verdict{};
    mail_.dmarc->result = dmarc::Conclusion::fail;
    mail_.dmarc->applied = mail_.dmarc->asked = dmarc::Policy::reject;
    mail_.dmarc->author = dns::Name::parse("example.net").value();
    mail_.disposition = dmarc::dispose(*mail_.dmarc, mail_.grounds);
  }
  RecipientJudgement judge(const std::vector<std::string>& to) {
    std::vector<delivery::Recipient> recipients;
    for (const auto& name : to) {
      recipients.push_back({.address = smtp::parse_address(name + "@example.org").value(),
                            .orcpt = {},
                            .notify = {}});
    }
    return judge_recipients(mail_, people_, recipients);
  }

  People people_;
  mailauth::Findings mail_;
};

TEST_F(RecipientRulesTest, OneRecipientIsTheWholeMessage) {
  EXPECT_EQ(judge({"ann"}).refusal->code, 550);
  people_.want("ann", AccountRule::accept);
  const auto taken = judge({"ann"});
  EXPECT_FALSE(taken.refusal);
  EXPECT_EQ(taken.disposition.action, Action::accept);
  EXPECT_TRUE(taken.by_account.empty());
  people_.want("ann", AccountRule::junk);
  EXPECT_EQ(judge({"ann"}).disposition.action, Action::junk);
}

TEST_F(RecipientRulesTest, AllRefuseOrNobodyIsRefused) {
  EXPECT_EQ(judge({"ann", "bob"}).refusal->code, 550);
  people_.want("ann", AccountRule::accept);
  const auto mixed = judge({"ann", "bob", "both", "out"});
  EXPECT_FALSE(mixed.refusal);
  EXPECT_EQ(mixed.disposition.action, Action::accept);
  ASSERT_EQ(mixed.by_account.size(), 5U);
  EXPECT_EQ(mixed.by_account.at(AccountId{}).folder, Folder::rejects) << "what leads elsewhere";
  const auto& ann = mixed.by_account.at(People::id("ann"));
  EXPECT_EQ(ann.folder, Folder::inbox);
  EXPECT_NE(ann.reason.find("the recipient accepts such mail"), std::string::npos);
  for (const auto* const name : {"bob", "both", "another"}) {
    const auto& other = mixed.by_account.at(People::id(name));
    EXPECT_EQ(other.folder, Folder::rejects);
    EXPECT_TRUE(other.reason.starts_with("Postern-Reason: reject; ")) << name;
  }
}

TEST_F(RecipientRulesTest, MembersOfAnAliasHaveTheirOwnRules) {
  people_.want("another", AccountRule::junk);
  const auto mixed = judge({"both"});
  EXPECT_FALSE(mixed.refusal);
  EXPECT_EQ(mixed.by_account.at(People::id("both")).folder, Folder::rejects);
  EXPECT_EQ(mixed.by_account.at(People::id("another")).folder, Folder::junk);
  people_.want("both", AccountRule::junk);
  EXPECT_EQ(judge({"both", "another"}).disposition.action, Action::junk);
}

TEST_F(RecipientRulesTest, TheAuthorIsToldOfTheMildest) {
  people_.want("ann", AccountRule::accept);
  people_.want("bob", AccountRule::junk);
  const auto mixed = judge({"eve", "bob", "ann"});
  EXPECT_EQ(mixed.disposition.reported, dmarc::Policy::none);
  ASSERT_FALSE(mixed.disposition.reasons.empty());
  EXPECT_EQ(mixed.disposition.reasons.front().type, dmarc::Override::local_policy);
  EXPECT_EQ(judge({"eve", "bob"}).disposition.reported, dmarc::Policy::quarantine);
  EXPECT_EQ(judge({"eve"}).disposition.reported, dmarc::Policy::reject);
}

TEST_F(RecipientRulesTest, ManyThatWantTheSameAreOne) {
  people_.want("ann", AccountRule::junk);
  people_.want("bob", AccountRule::junk);
  const auto one = judge({"ann", "bob"});
  EXPECT_EQ(one.disposition.action, Action::junk);
  EXPECT_TRUE(one.by_account.empty());
}

TEST_F(RecipientRulesTest, SomeMayBeAbleToTellLater) {
  mail_.dmarc->result = dmarc::Conclusion::temperror;
  mail_.disposition = dmarc::dispose(*mail_.dmarc, mail_.grounds);
  EXPECT_EQ(judge({"ann", "bob"}).refusal->code, 451);
  people_.want("ann", AccountRule::accept);
  const auto mixed = judge({"ann", "bob"});
  EXPECT_FALSE(mixed.refusal);
  EXPECT_EQ(mixed.disposition.action, Action::accept) << "so it is told of";
  EXPECT_EQ(mixed.by_account.at(People::id("ann")).folder, Folder::inbox);
  const auto& bob = mixed.by_account.at(People::id("bob"));
  EXPECT_EQ(bob.folder, Folder::junk);
  EXPECT_TRUE(bob.reason.starts_with("Postern-Reason: defer; "));
}

TEST_F(RecipientRulesTest, WhatPassesPassesForAll) {
  mail_.dmarc->result = dmarc::Conclusion::pass;
  mail_.disposition = dmarc::dispose(*mail_.dmarc, mail_.grounds);
  people_.want("ann", AccountRule::strict);
  EXPECT_EQ(judge({"ann", "bob"}).disposition.action, Action::accept);
}

}  // namespace
}  // namespace postern::smtpd
