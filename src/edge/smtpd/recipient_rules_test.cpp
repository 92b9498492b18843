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
    recipients_.clear();
    for (const auto& name : to) {
      recipients_.push_back({.address = smtp::parse_address(name + "@example.org").value(),
                             .orcpt = {},
                             .notify = {}});
    }
    return judge_recipients(mail_, people_, recipients_);
  }

  People people_;
  mailauth::Findings mail_;
  std::vector<delivery::Recipient> recipients_;
};

TEST_F(RecipientRulesTest, OneRecipientIsTheWholeMessage) {
  EXPECT_EQ(judge({"ann"}).refusal->code, 550);
  people_.want("ann", AccountRule::accept);
  const auto taken = judge({"ann"});
  EXPECT_FALSE(taken.refusal);
  EXPECT_EQ(taken.common->action, Action::accept);
  EXPECT_FALSE(recipients_.front().folder);
  people_.want("ann", AccountRule::junk);
  EXPECT_EQ(judge({"ann"}).common->action, Action::junk);
}

TEST_F(RecipientRulesTest, AllRefuseOrNobodyIsRefused) {
  EXPECT_EQ(judge({"ann", "bob"}).refusal->code, 550);
  people_.want("ann", AccountRule::accept);
  const auto mixed = judge({"ann", "bob", "both", "out"});
  EXPECT_FALSE(mixed.refusal);
  EXPECT_FALSE(mixed.common);
  EXPECT_EQ(recipients_.at(0).folder, Folder::inbox);
  EXPECT_NE(recipients_.at(0).reason.find("the recipient accepts such mail"), std::string::npos);
  for (const std::size_t i : {1U, 2U, 3U}) {
    EXPECT_EQ(recipients_.at(i).folder, Folder::rejects);
    EXPECT_TRUE(recipients_.at(i).reason.starts_with("Postern-Reason: reject; ")) << i;
  }
}

TEST_F(RecipientRulesTest, ManyThatWantTheSameAreOne) {
  people_.want("ann", AccountRule::junk);
  people_.want("bob", AccountRule::junk);
  EXPECT_EQ(judge({"ann", "bob"}).common->action, Action::junk);
  EXPECT_FALSE(recipients_.front().folder);
}

TEST_F(RecipientRulesTest, SomeMayBeAbleToTellLater) {
  mail_.dmarc->result = dmarc::Conclusion::temperror;
  mail_.disposition = dmarc::dispose(*mail_.dmarc, mail_.grounds);
  EXPECT_EQ(judge({"ann", "bob"}).refusal->code, 451);
  people_.want("ann", AccountRule::accept);
  EXPECT_FALSE(judge({"ann", "bob"}).refusal);
  EXPECT_EQ(recipients_.at(0).folder, Folder::inbox);
  EXPECT_EQ(recipients_.at(1).folder, Folder::junk);
  EXPECT_TRUE(recipients_.at(1).reason.starts_with("Postern-Reason: defer; "));
}

TEST_F(RecipientRulesTest, WhatPassesPassesForAll) {
  mail_.dmarc->result = dmarc::Conclusion::pass;
  mail_.disposition = dmarc::dispose(*mail_.dmarc, mail_.grounds);
  people_.want("ann", AccountRule::strict);
  EXPECT_EQ(judge({"ann", "bob"}).common->action, Action::accept);
}

}  // namespace
}  // namespace postern::smtpd
