#include "mailauth/reception.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arc/seal.hpp"
#include "async/manual_core.hpp"
#include "crypto/signature.hpp"
#include "dkim/key_record.hpp"
#include "dkim/sign.hpp"
#include "resolver/scripted.hpp"

namespace postern::mailauth {
namespace {

using dmarc::Action;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr std::string_view kMessage =
    "From: Ann <ann@example.net>\r\nTo: bob@example.org\r\nSubject: hello\r\n"
    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <1@example.net>\r\n\r\nGood day.\r\n";

/// As `validate` says of a message without a chain.
const arc::Validation kUnsealed;

const crypto::PrivateKey& signing_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  return key;
}

class ReceptionTest : public testing::Test {
 protected:
  ReceptionTest() {
    settings_->hostname = "mx.example.org";
    txt("example.net", "v=spf1 ip4:192.0.2.0/28 -all");
    txt("_dmarc.example.net", "v=DMARC1; p=reject");
    txt("s1._domainkey.example.net", dkim::to_key_record(signing_key()));
    dns_.add_address("mail.example.net", "192.0.2.1");
  }

  void txt(std::string_view name, std::string text) {
    dns_.add(name, dns::Type::txt, dns::Txt{std::move(text)});
  }
  /// `message` with a signature of example.net in front.
  std::string signed_by_domain(std::string_view message) {
    const auto read = dkim::read_message(message, {.bodies = {dkim::kSignedBody}});
    const auto field =
        dkim::sign(read, {.domain = "example.net", .selector = "s1", .key = signing_key()},
                   machine_.clock().now());
    return field.value() + std::string{message};
  }
  Findings judge(std::string_view message, std::string_view ip = "192.0.2.1",
                 std::string mail_from = "ann@example.net", std::size_t piece = 7) {
    reception_.emplace(dns_, machine_.core(), settings_, history_);
    for (std::size_t at = 0; at < message.size(); at += piece)
      reception_->feed(message.substr(at, piece));
    return machine_.run(reception_->finish({.ip = *text::IpAddress::parse(ip),
                                            .helo = "mail.example.net",
                                            .mail_from = std::move(mail_from)}));
  }

  ManualCore machine_;
  resolver::ScriptedResolver dns_{machine_.core().timers};
  std::shared_ptr<Settings> settings_ = std::make_shared<Settings>();
  History* history_ = nullptr;
  std::optional<Reception> reception_;
};

TEST_F(ReceptionTest, AllIsWell) {
  const auto found = judge(signed_by_domain(kMessage));
  EXPECT_EQ(found.spf.outcome, spf::Outcome::pass);
  ASSERT_THAT(found.dkim.signatures, SizeIs(1));
  EXPECT_EQ(found.dkim.signatures.front().verdict, dkim::Verdict::pass)
      << found.dkim.signatures.front().reason;
  EXPECT_EQ(found.arc.status, arc::Status::none);
  ASSERT_TRUE(found.dmarc);
  EXPECT_EQ(found.dmarc->result, dmarc::Conclusion::pass);
  EXPECT_EQ(found.disposition.action, Action::accept);
  EXPECT_EQ(found.hello.match, iprev::HelloMatch::yes);
  EXPECT_TRUE(found.sender_proven());
  const auto fields = fields_of(found, "mx.example.org", false);
  EXPECT_THAT(fields,
              AllOf(HasSubstr("Authentication-Results: mx.example.org;"), HasSubstr("dmarc=pass"),
                    HasSubstr("header.from=example.net"), HasSubstr("spf=pass"),
                    HasSubstr("smtp.mailfrom=ann@example.net"), HasSubstr("dkim=pass"),
                    HasSubstr("header.d=example.net"), HasSubstr("iprev=permerror"),
                    HasSubstr("Received-SPF: pass"), Not(HasSubstr("Postern-Reason"))));
  EXPECT_TRUE(fields.ends_with("\r\n"));
}

TEST_F(ReceptionTest, ASpoofIsRefused) {
  const auto found = judge(kMessage, "203.0.113.9");
  EXPECT_EQ(found.spf.outcome, spf::Outcome::fail);
  EXPECT_EQ(found.disposition.action, Action::reject);
  EXPECT_EQ(found.disposition.reply, 550);
  EXPECT_EQ(found.disposition.enhanced, "5.7.26");
  EXPECT_FALSE(found.sender_proven());
  EXPECT_THAT(facts_of(found), Contains(Pair("decision", HasSubstr("reject"))));
}

TEST_F(ReceptionTest, ListsThatChangeMailGoToJunk) {
  const auto found =
      judge("List-Id: <talk.example.com>\r\n" + signed_by_domain(kMessage) + "--\r\nthe list\r\n",
            "203.0.113.9", "bounces@lists.example.com");
  EXPECT_EQ(found.dkim.signatures.front().verdict, dkim::Verdict::fail);
  EXPECT_EQ(found.disposition.action, Action::junk);
  EXPECT_THAT(reason_of(found.disposition), testing::StartsWith("Postern-Reason: junk; "));
}

TEST_F(ReceptionTest, DomainsMayBeHeldToTheirWord) {
  settings_->strict_domains = {"example.net"};
  const auto found = judge("List-Id: <talk.example.com>\r\n" + std::string{kMessage}, "203.0.113.9",
                           "bounces@lists.example.com");
  EXPECT_EQ(found.disposition.action, Action::reject);
}

TEST_F(ReceptionTest, WhatCannotBeKnownNowIsAskedForAgainLater) {
  dns_.fail("_dmarc.example.net", dns::Type::txt, dns::Outcome::timeout);
  const auto found = judge(kMessage, "203.0.113.9");
  EXPECT_EQ(found.disposition.action, Action::defer);
  EXPECT_EQ(found.disposition.reply, 451);
}

TEST_F(ReceptionTest, ATrustedForwardersSealIsBelieved) {
  // A forwarder that saw the message pass, changed it and sealed what it sent.
  const std::string changed = signed_by_domain(kMessage) + "--\r\nforwarded\r\n";
  const auto read = dkim::read_message(changed, {.bodies = {dkim::kSignedBody}});
  const auto sealed = arc::seal(
      read, {.found = kUnsealed, .results = "fwd.example; dmarc=pass header.from=example.net"},
      {.domain = "fwd.example", .selector = "a", .key = signing_key()}, machine_.clock().now());
  ASSERT_TRUE(sealed) << sealed.error().detail;
  txt("a._domainkey.fwd.example", dkim::to_key_record(signing_key()));
  const std::string arrived = *sealed + changed;
  EXPECT_NE(judge(arrived, "203.0.113.9", "x@fwd.example").disposition.action, Action::accept);
  settings_->trusted_sealers = {"fwd.example"};
  const auto found = judge(arrived, "203.0.113.9", "x@fwd.example");
  EXPECT_EQ(found.arc.status, arc::Status::pass) << found.arc.reason;
  EXPECT_EQ(found.disposition.action, Action::accept);
  EXPECT_THAT(fields_of(found, "mx.example.org", false),
              AllOf(HasSubstr("arc=pass"), HasSubstr("fwd.example")));
}

TEST_F(ReceptionTest, ASealThatSawNothingPassIsNotEnough) {
  settings_->trusted_sealers = {"fwd.example"};
  const auto read = dkim::read_message(kMessage, {.bodies = {dkim::kSignedBody}});
  const auto sealed = arc::seal(
      read, {.found = kUnsealed, .results = "fwd.example; dmarc=fail header.from=example.net"},
      {.domain = "fwd.example", .selector = "a", .key = signing_key()}, machine_.clock().now());
  txt("a._domainkey.fwd.example", dkim::to_key_record(signing_key()));
  const auto found = judge(sealed.value() + std::string{kMessage}, "203.0.113.9", "x@fwd.example");
  EXPECT_EQ(found.arc.status, arc::Status::pass) << found.arc.reason;
  EXPECT_NE(found.disposition.action, Action::accept);
}

/// Remembers one path.
class OnePath final : public History {
 public:
  std::vector<std::string> known;
  Task<bool> has_passed(std::string author, std::vector<std::string> paths) override {
    for (const auto& path : paths) {
      if (std::ranges::find(known, author + " " + path) != known.end()) co_return true;
    }
    co_return false;
  }
  Task<> note_pass(std::string author, std::vector<std::string> paths) override {
    for (const auto& path : paths) known.push_back(author + " " + path);
    co_return;
  }
  Task<> sweep() override { co_return; }
};

TEST_F(ReceptionTest, WhoBroughtGoodMailBeforeIsNotTakenForASpoofer) {
  OnePath history;
  history_ = &history;
  const std::string changed = signed_by_domain(kMessage) + "--\r\nforwarded\r\n";
  txt("fwd.example", "v=spf1 ip4:203.0.113.9 -all");
  EXPECT_EQ(judge(changed, "203.0.113.9", "x@fwd.example").disposition.action, Action::reject);
  EXPECT_EQ(judge(signed_by_domain(kMessage), "203.0.113.9", "x@fwd.example").disposition.action,
            Action::accept);
  EXPECT_THAT(history.known, ElementsAre("example.net 203.0.113.0", "example.net @fwd.example"));
  EXPECT_EQ(judge(changed, "203.0.113.9", "x@fwd.example").disposition.action, Action::junk);
  EXPECT_EQ(judge(changed, "198.51.100.9", "x@fwd.example").disposition.action, Action::reject)
      << "nobody proved that it was they";
}

TEST_F(ReceptionTest, ASealSpeaksForTheAuthorThatItSaw) {
  settings_->trusted_sealers = {"fwd.example"};
  const auto read = dkim::read_message(kMessage, {.bodies = {dkim::kSignedBody}});
  const auto sealed = arc::seal(
      read, {.found = kUnsealed, .results = "fwd.example; dmarc=pass header.from=evil.example"},
      {.domain = "fwd.example", .selector = "a", .key = signing_key()}, machine_.clock().now());
  txt("a._domainkey.fwd.example", dkim::to_key_record(signing_key()));
  const auto found = judge(sealed.value() + std::string{kMessage}, "203.0.113.9", "x@fwd.example");
  EXPECT_EQ(found.arc.status, arc::Status::pass) << found.arc.reason;
  EXPECT_NE(found.disposition.action, Action::accept);
}

TEST_F(ReceptionTest, SlowServersOfOthersDoNotHideThePolicy) {
  settings_->budget.time = std::chrono::seconds{5};
  dns_.delay("1.2.0.192.in-addr.arpa", std::chrono::seconds{14});
  reception_.emplace(dns_, machine_.core(), settings_);
  reception_->feed(signed_by_domain(kMessage));
  std::optional<Findings> found;
  const auto keep = [](Task<Findings> one, std::optional<Findings>& out) -> Task<> {
    out = co_await std::move(one);
  };
  machine_.group().spawn(keep(reception_->finish({.ip = *text::IpAddress::parse("192.0.2.1"),
                                                  .helo = "mail.example.net",
                                                  .mail_from = "ann@example.net"}),
                              found));
  machine_.advance(std::chrono::seconds{15});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->iprev.result, iprev::Conclusion::permerror);
  EXPECT_EQ(found->dmarc->result, dmarc::Conclusion::pass) << found->dmarc->reason;
}

TEST_F(ReceptionTest, WhatStrangersWriteDoesNotFillTheTrace) {
  std::string message{kMessage};
  for (int i = 0; i < 30; ++i)
    message = "DKIM-Signature: v=1; d=" + std::string(20'000, 'a') + "; s=x\r\n" + message;
  std::size_t octets = 0;
  for (const auto& [what, words] : facts_of(judge(message))) octets += what.size() + words.size();
  EXPECT_LT(octets, 5000U);
}

TEST_F(ReceptionTest, OneMessageAsksAFewQuestionsAtATimeAndEachOnce) {
  settings_->budget.at_once = 1;
  const auto found = judge(signed_by_domain(kMessage), "192.0.2.1", "ann@example.net");
  EXPECT_EQ(found.dmarc->result, dmarc::Conclusion::pass);
  EXPECT_EQ(dns_.asked("example.net", dns::Type::txt), 1U);
  EXPECT_EQ(settings_->load->under_way, 0U);
}

TEST_F(ReceptionTest, AnswersBeyondTheirBudgetAreNotKept) {
  settings_->budget.answer_bytes = 10'000;
  txt("example.net", std::string(30'000, 'x'));
  const auto found = judge(kMessage);
  EXPECT_EQ(found.spf.outcome, spf::Outcome::temperror);
  EXPECT_EQ(found.disposition.action, Action::defer);
}

TEST_F(ReceptionTest, WhenTooMuchIsUnderWayMailIsToComeAgain) {
  settings_->load->under_way = Load::kMost;
  EXPECT_EQ(judge(kMessage, "203.0.113.9").disposition.action, Action::defer);
}

TEST_F(ReceptionTest, AuthorsWithoutADomainAreJunkButForBounces) {
  constexpr std::string_view kOdd = "From: MAILER-DAEMON\r\nSubject: x\r\n\r\nx\r\n";
  EXPECT_EQ(judge(kOdd).disposition.action, Action::junk);
  EXPECT_EQ(judge(kOdd, "192.0.2.1", "").disposition.action, Action::accept);
}

TEST_F(ReceptionTest, NeighbouringForgeriesAreOne) {
  const std::string forged = "Authentication-Results: mx.example.org; spf=pass\r\n";
  const std::string reason = "Postern-Reason: accept; we like it\r\n";
  const std::string message = forged + reason + forged + std::string{kMessage};
  (void)judge(message);
  ASSERT_THAT(reception_->forged(), SizeIs(1));
  EXPECT_EQ(reception_->forged().front().end, 2 * forged.size() + reason.size());
}

TEST_F(ReceptionTest, ForgedVerdictsAreFound) {
  const std::string forged = "Authentication-Results: MX.example.org; dmarc=pass\r\n";
  const std::string others = "Authentication-Results: mx.example.com; dmarc=pass\r\n";
  const std::string message = others + forged + std::string{kMessage};
  (void)judge(message);
  const auto found = reception_->forged();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(message.substr(found.front().begin, found.front().end - found.front().begin), forged);
}

TEST_F(ReceptionTest, TwoAuthorsFieldsHaveNoVerdict) {
  const auto found = judge("From: x@example.com\r\n" + std::string{kMessage});
  EXPECT_TRUE(std::holds_alternative<dmarc::NoAuthor>(found.author));
  EXPECT_FALSE(found.dmarc);
}

TEST_F(ReceptionTest, NoMessageCostsMoreQuestionsThanItsBudget) {
  settings_->budget.questions = 10;
  std::string message{kMessage};
  for (int i = 0; i < 8; ++i) {
    message = "DKIM-Signature: v=1; a=rsa-sha256; d=d" + std::to_string(i) +
              ".example; s=s; h=from:subject; bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=; "
              "b=AAAA\r\n" +
              message;
  }
  const auto found = judge(message);
  EXPECT_LE(found.questions, 10U);
  EXPECT_NE(found.disposition.action, Action::reject) << "nobody is refused for our budget";
}

TEST_F(ReceptionTest, SlowDnsEndsWithTheBudget) {
  settings_->budget.time = std::chrono::seconds{5};
  for (const auto* const name : {"a.example.net", "b.example.net", "c.example.net"})
    dns_.delay(name, std::chrono::seconds{4});
  txt("slow.example.net",
      "v=spf1 include:a.example.net include:b.example.net include:c.example.net -all");
  for (const auto* const name : {"a.example.net", "b.example.net", "c.example.net"})
    txt(name, "v=spf1 ?all");
  reception_.emplace(dns_, machine_.core(), settings_);
  reception_->feed(kMessage);
  auto task = reception_->finish({.ip = *text::IpAddress::parse("192.0.2.1"),
                                  .helo = "mail.example.net",
                                  .mail_from = "x@slow.example.net"});
  std::optional<Findings> found;
  const auto keep = [](Task<Findings> one, std::optional<Findings>& out) -> Task<> {
    out = co_await std::move(one);
  };
  machine_.group().spawn(keep(std::move(task), found));
  machine_.advance(std::chrono::seconds{9});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->spf.outcome, spf::Outcome::temperror);
}

}  // namespace
}  // namespace postern::mailauth
