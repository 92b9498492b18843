#include "delivery/delivery.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "delivery/plan.hpp"
#include "kv/memory_engine.hpp"
#include "layout/keys.hpp"
#include "record/key.hpp"
#include "signing/fake_signer.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;
using Verdict = RecipientVerdict::Kind;

const std::string kBody = "From: s@example.com\r\nSubject: hello\r\n\r\nHello.\r\n";
const std::string kReceived =
    "Received: from mail.example.com (a;b [192.0.2.1])\r\n\tby mx.example.org with ESMTP\r\n"
    "\tid 1;\r\n\tFri, 20 Nov 2026 00:00:00 +0000\r\n";

smtp::Address address(std::string_view text) {
  return smtp::parse_address(text, {.utf8 = true}).value();
}

/// Keeps what it is given; its record is one key, so that a test sees what was committed.
class FakeQueue final : public queue::Queue {
 public:
  explicit FakeQueue(Core& core) : core_{core} {}
  QueueId new_id() override { return QueueId{core_.random.u64() | 1U}; }
  static std::string key(QueueId id) {
    return record::KeyWriter{std::to_underlying(layout::Space::queue), std::uint16_t{0},
                             std::to_underlying(layout::QueueKind::message)}
        .u64(id.value())
        .done();
  }
  void add(kv::Batch& batch, const queue::Message& message) const override {
    batch.put(key(message.id), "record");
  }
  void committed(queue::Message message) override { messages.push_back(std::move(message)); }
  Task<> run(queue::Transport&, queue::SubmitNotice) override { co_return; }
  void stop() override {}
  Task<Result<std::vector<queue::Message>>> list(Filter, std::size_t) override {
    co_return std::vector<queue::Message>{};
  }
  Task<Result<queue::Message>> show(QueueId) override { co_return fail(Errc::not_found); }
  Task<Result<std::size_t>> hold(Filter, std::string) override { co_return std::size_t{0}; }
  Task<Result<std::size_t>> release(Filter) override { co_return std::size_t{0}; }
  Task<Result<std::size_t>> retry_now(Filter) override { co_return std::size_t{0}; }
  Task<Result<std::size_t>> drop(Filter, std::string) override { co_return std::size_t{0}; }
  [[nodiscard]] Stats stats() const override { return {}; }

  std::vector<queue::Message> messages;

 private:
  Core& core_;
};

/// Everything real but the queue, in memory.
class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() {
    start({});
    EXPECT_TRUE(machine_.run(directory_->add_domain({.name = "example.org"})));
  }

  void start(const kv::MemoryDisk& disk, kv::MemoryEngine::Options options = {}) {
    delivery_.reset();
    directory_.reset();
    engine_ = std::make_unique<kv::MemoryEngine>(options, disk);
    store_ = store::make_mail_store(*engine_, cores_, {});
    trace_ = trace::make_log(*engine_, machine_.core());
    auto opened =
        machine_.run(directory::open_directory(*engine_, *store_, machine_.core(), pool_, fast_));
    ASSERT_TRUE(opened);
    directory_ = *std::move(opened);
    delivery_ = make_delivery(*store_, *directory_, queue_, *trace_, machine_.core(),
                              {.hostname = "mx.example.org"});
  }

  AccountId add(std::string name, std::uint64_t quota = 0) {
    machine_.clock().advance(1s);
    const auto password = std::to_string(machine_.core().random.u64());
    return machine_.run(directory_->add_account(name + "@example.org", Secret{password}, quota))
        .value();
  }
  void alias(std::string name, std::vector<std::string> members) {
    ASSERT_TRUE(machine_.run(directory_->put_alias(
        {.address = std::move(name), .members = std::move(members), .refusal = {}})));
  }

  Task<Result<std::shared_ptr<const store::StagedMessage>>> stage(std::string body) {
    const auto draft = delivery_->new_draft();
    const auto fed = co_await draft->feed(body);
    if (!fed) co_return std::unexpected(fed.error());
    co_return co_await draft->finish();
  }
  std::shared_ptr<const store::StagedMessage> staged(std::string body = kBody) {
    return machine_.run(stage(std::move(body))).value();
  }
  Transaction transaction(const std::vector<std::string>& to) {
    Transaction out{.id = trace_->new_id(),
                    .source = {},
                    .envelope = {.from = address("s@example.com"), .envid = {}},
                    .recipients = {},
                    .received = kReceived,
                    .peer = "mail.example.com [192.0.2.1]",
                    .facts = {{"helo", "mail.example.com"}}};
    for (const auto& one : to) out.recipients.push_back({address(one), {}, {}});
    return out;
  }
  Result<Outcome> deliver(const std::vector<std::string>& to, std::string body = kBody) {
    return machine_.run(delivery_->deliver(transaction(to), staged(std::move(body))));
  }
  Verdict check(std::string_view to, std::uint64_t size = 0, Source source = {}) {
    return machine_.run(delivery_->check(address(to), size, source)).kind;
  }

  /// What the account's INBOX holds, as served.
  std::vector<std::string> inbox(AccountId id) {
    const auto session = store_->open(id, "x@example.org");
    const auto info = machine_.run(session->mailbox("INBOX")).value();
    const auto view = machine_.run(session->view(info.id)).value();
    std::vector<std::string> out;
    for (std::size_t i = 0; i < view->size(); ++i) {
      const auto found = machine_.run(session->messages({view->at(i).message})).value();
      out.push_back(machine_.run(session->read(*found.at(0), 0, 1U << 20U)).value());
    }
    return out;
  }
  std::size_t queue_records() {
    const auto prefix = FakeQueue::key(QueueId{0}).substr(0, 5);
    return machine_
        .run(engine_->published()->scan({.begin = prefix, .end = record::prefix_end(prefix)}))
        .value()
        .pairs.size();
  }
  std::vector<TraceId> find(std::string who) {
    return machine_.run(trace_->find(std::move(who), 10)).value();
  }
  ManualCore machine_;
  std::vector<Core*> cores_{&machine_.core()};
  InlinePool pool_;
  directory::Settings fast_{.argon2_memory_kib = 64, .argon2_passes = 1, .scram_iterations = 4096};
  FakeQueue queue_{machine_.core()};
  std::unique_ptr<kv::MemoryEngine> engine_;
  std::unique_ptr<store::MailStore> store_;
  std::unique_ptr<trace::Log> trace_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<Delivery> delivery_;
};

TEST_F(DeliveryTest, RcptIsAnsweredByWhoTheAddressIs) {
  add("bob");
  alias("team@example.org", {"bob@example.org", "x@example.com"});
  ASSERT_TRUE(machine_.run(
      directory_->put_alias({.address = "old@example.org", .members = {}, .refusal = "Moved"})));
  EXPECT_EQ(check("BOB+tag@example.org"), Verdict::accept);
  EXPECT_EQ(check("team@example.org"), Verdict::accept);
  EXPECT_EQ(check("nobody@example.org"), Verdict::unknown);
  EXPECT_EQ(check("nobody@example.org", 0, {.submission = true}), Verdict::unknown);
  EXPECT_EQ(check("postmaster@example.org"), Verdict::accept);
  EXPECT_EQ(check("x@example.com"), Verdict::relay_denied);
  EXPECT_EQ(check("x@example.com", 0, {.sender_proven = true}), Verdict::relay_denied);
  EXPECT_EQ(check("x@example.com", 0, {.submission = true}), Verdict::accept);
  const auto old = machine_.run(delivery_->check(address("old@example.org"), 0, {}));
  EXPECT_EQ(old.kind, Verdict::disabled);
  EXPECT_EQ(old.text, "Moved");
}

TEST_F(DeliveryTest, RcptIsAnsweredByQuota) {
  add("small", 1000);
  add("large", 100'000);
  alias("both@example.org", {"small@example.org", "large@example.org"});
  EXPECT_EQ(check("small@example.org", 1001), Verdict::never_fits);
  EXPECT_EQ(check("both@example.org", 1001), Verdict::accept) << "one of them can";
  ASSERT_TRUE(deliver({"small@example.org"}, kBody + std::string(490, 'x') + "\r\n"));
  EXPECT_EQ(check("small@example.org", 900), Verdict::full);
  EXPECT_EQ(check("both@example.org", 100'001), Verdict::never_fits);
  ASSERT_TRUE(deliver({"small@example.org"}, kBody));
  EXPECT_EQ(check("small@example.org"), Verdict::full);
  machine_.advance(72h);
  EXPECT_EQ(check("small@example.org"), Verdict::full_long);
}

TEST_F(DeliveryTest, AStoreThatCannotBeAskedMeansLater) {
  const auto bob = add("bob");
  ASSERT_TRUE(machine_.run(store_->remove_account(bob)));
  EXPECT_EQ(check("bob@example.org"), Verdict::try_later);
}

TEST_F(DeliveryTest, OneRecipientSeesWhomItIsFor) {
  const auto bob = add("bob");
  const auto outcome = deliver({"Bob+x@example.org"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->placed.at(0).account, bob);
  EXPECT_EQ(outcome->placed.at(0).uid, Uid{1});
  EXPECT_FALSE(outcome->queued);
  EXPECT_THAT(inbox(bob),
              ElementsAre("Return-Path: <s@example.com>\r\nDelivered-To: Bob+x@example.org\r\n"
                          "Received: from mail.example.com (a;b [192.0.2.1])\r\n"
                          "\tby mx.example.org with ESMTP\r\n\tid 1\r\n"
                          "\tfor <Bob+x@example.org>;\r\n\tFri, 20 Nov 2026 00:00:00 +0000\r\n" +
                          kBody));
}

TEST_F(DeliveryTest, SeveralRecipientsLearnNothingOfEachOther) {
  const auto ann = add("ann");
  const auto bob = add("bob");
  ASSERT_TRUE(deliver({"ann@example.org", "bob@example.org"}));
  ASSERT_THAT(inbox(ann), SizeIs(1));
  EXPECT_THAT(inbox(ann).at(0), AllOf(HasSubstr("Delivered-To: ann@"), Not(HasSubstr("bob"))));
  EXPECT_THAT(inbox(bob).at(0), AllOf(HasSubstr("Delivered-To: bob@"), Not(HasSubstr("ann"))));
}

TEST_F(DeliveryTest, AnAccountGetsOneCopyHoweverItIsReached) {
  const auto bob = add("bob");
  alias("team@example.org", {"bob@example.org"});
  const auto outcome = deliver(
      {"bob+a@example.org", "team@example.org", "BOB@example.org", "postmaster@example.org"});
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->placed, SizeIs(1));
  ASSERT_THAT(inbox(bob), SizeIs(1));
  EXPECT_THAT(inbox(bob).at(0), HasSubstr("Delivered-To: bob+a@example.org\r\n"));
}

TEST_F(DeliveryTest, MixedRecipientsAreOneCommit) {
  const auto bob = add("bob");
  alias("team@example.org", {"bob@example.org", "x@example.com", "y@example.net"});
  auto mail = transaction({"team@example.org", "x@example.com"});
  mail.source.submission = true;
  mail.recipients.at(0).notify = {.bits = queue::Notify::kSuccess | queue::Notify::kFailure,
                                  .given = true};
  const auto message = staged();
  const auto appends = engine_->stats().appends;
  const auto outcome = machine_.run(delivery_->deliver(mail, message));
  ASSERT_TRUE(outcome);
  EXPECT_THAT(inbox(bob), SizeIs(1));
  ASSERT_FALSE(queue_.messages.empty());
  const auto& queued = queue_.messages.front();
  EXPECT_EQ(outcome->queued, queued.id);
  EXPECT_EQ(queued.blob, message->blob);
  EXPECT_EQ(queued.prefix, kReceived) << "no Return-Path, no Delivered-To, no \"for\"";
  EXPECT_TRUE(queued.sender_proven);
  EXPECT_EQ(queued.expires - queued.created, Duration{120h});
  ASSERT_THAT(queued.recipients, SizeIs(2)) << "x@example.com once";
  EXPECT_EQ(queued.recipients.at(0).orcpt, "rfc822;team@example.org");
  EXPECT_EQ(queued.recipients.at(0).notify.bits, queue::Notify::kFailure);
  const auto link = machine_.run(
      engine_->published()->get({layout::link_key(message->blob, layout::kQueueAccount)}));
  EXPECT_TRUE(link->at(0).has_value()) << "the queue's link to the body";
  // The mail itself, and then the notice of success to the sender.
  EXPECT_EQ(engine_->stats().appends, appends + 2);
  ASSERT_THAT(queue_.messages, SizeIs(2));
  EXPECT_FALSE(queue_.messages.at(1).envelope.from);
  EXPECT_EQ(smtp::to_string(queue_.messages.at(1).recipients.at(0).address), "s@example.com");
}

TEST_F(DeliveryTest, SuccessIsToldUnderTheNameTheSenderGave) {
  const auto ann = add("ann");
  add("bob");
  alias("team@example.org", {"ann@example.org", "bob@example.org"});
  auto mail = transaction({"team@example.org", "bob+x@example.org"});
  mail.envelope.from = address("ann@example.org");
  mail.source.submission = true;
  mail.recipients.at(0).orcpt = "rfc822;crew@example.net";
  for (auto& recipient : mail.recipients)
    recipient.notify = {.bits = queue::Notify::kSuccess, .given = true};
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  ASSERT_THAT(inbox(ann), SizeIs(2));
  const auto report = inbox(ann).at(1);
  const std::string entry =
      "\r\nOriginal-Recipient: rfc822; crew@example.net\r\n"
      "Final-Recipient: rfc822; team@example.org\r\nAction: delivered\r\n";
  EXPECT_THAT(report, HasSubstr(entry));
  EXPECT_THAT(report, HasSubstr("\r\nFinal-Recipient: rfc822; bob+x@example.org\r\nAction: del"))
      << "who has a copy for another already";
  const auto first = report.find("Final-Recipient: rfc822; team@");
  EXPECT_EQ(report.find("Final-Recipient: rfc822; team@", first + 1), std::string::npos) << report;
}

TEST_F(DeliveryTest, SuccessIsNotToldToStrangers) {
  add("bob");
  auto mail = transaction({"bob@example.org"});
  mail.recipients.at(0).notify = {.bits = queue::Notify::kSuccess, .given = true};
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  EXPECT_THAT(queue_.messages, IsEmpty());
}

TEST_F(DeliveryTest, LoopsAreRefused) {
  const auto bob = add("bob");
  std::string body;
  for (int i = 0; i < 101; ++i) body += "Received: from a by b; x\r\n";
  const auto outcome = deliver({"bob@example.org"}, body + kBody);
  EXPECT_EQ(outcome.error().code, Errc::policy_reject);
  EXPECT_THAT(inbox(bob), IsEmpty());
  EXPECT_TRUE(deliver({"bob@example.org"}, body.substr(body.find("\r\n") + 2) + kBody));
}

TEST_F(DeliveryTest, WhoeverFilledUpMeanwhileWaitsInTheQueue) {
  const auto small = add("small", 1000);
  const auto large = add("large");
  const auto big = kBody + std::string(1500, 'x') + "\r\n";
  const auto outcome = deliver({"small@example.org", "large@example.org"}, big);
  ASSERT_TRUE(outcome);
  EXPECT_THAT(inbox(large), SizeIs(1));
  EXPECT_THAT(inbox(small), IsEmpty());
  ASSERT_THAT(queue_.messages, SizeIs(1));
  EXPECT_EQ(smtp::to_string(queue_.messages.at(0).recipients.at(0).address), "small@example.org");
  EXPECT_EQ(deliver({"small@example.org"}, big).error().code, Errc::too_large)
      << "it would never fit";
  ASSERT_TRUE(deliver({"small@example.org"}, kBody + std::string(700, 'x') + "\r\n"));
  EXPECT_EQ(deliver({"small@example.org"}, kBody + std::string(900, 'x')).error().code,
            Errc::over_quota);
  EXPECT_THAT(queue_.messages, SizeIs(1));
}

TEST_F(DeliveryTest, WhoeverWentMeanwhileIsReportedByTheQueue) {
  const auto bob = add("bob");
  ASSERT_TRUE(deliver({"bob@example.org", "gone@example.org"}));
  EXPECT_THAT(inbox(bob), SizeIs(1));
  ASSERT_THAT(queue_.messages, SizeIs(1));
  EXPECT_EQ(smtp::to_string(queue_.messages.at(0).recipients.at(0).address), "gone@example.org");
  EXPECT_EQ(deliver({"gone@example.org"}).error().code, Errc::not_found);
}

TEST_F(DeliveryTest, MoreAccountsThanOneCommitTakesGoByTheQueue) {
  std::vector<std::string> members;
  for (int i = 0; i < 70; ++i) {
    const auto name = "u" + std::to_string(i);
    add(name);
    members.push_back(name + "@example.org");
  }
  alias("all@example.org", members);
  const auto outcome = deliver({"all@example.org"});
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->placed, SizeIs(64));
  ASSERT_THAT(queue_.messages, SizeIs(1));
  ASSERT_THAT(queue_.messages.at(0).recipients, SizeIs(6));
}

TEST_F(DeliveryTest, NoticesGoStraightToLocalSenders) {
  const auto bob = add("bob");
  const TraceId about = trace_->new_id();
  const auto id = machine_.run(
      delivery_->submit_notice("Subject: bounced\r\n\r\nx\r\n", address("bob@example.org"), about));
  ASSERT_TRUE(id);
  ASSERT_THAT(inbox(bob), SizeIs(1));
  EXPECT_THAT(inbox(bob).at(0), StartsWith("Return-Path: <>\r\nDelivered-To: bob@example.org\r\n"));
  const auto events = machine_.run(trace_->events(*id)).value();
  EXPECT_THAT(events.at(0).fields, Contains(Pair("about", trace::to_text(about))));
  ASSERT_TRUE(machine_.run(
      delivery_->submit_notice("Subject: b\r\n\r\nx\r\n", address("s@example.com"), about)));
  ASSERT_THAT(queue_.messages, SizeIs(1));
  EXPECT_EQ(queue_.messages.at(0).recipients.at(0).notify.bits, queue::Notify::kNever);
  EXPECT_EQ(machine_
                .run(delivery_->submit_notice("Subject: b\r\n\r\nx\r\n",
                                              address("gone@example.org"), about))
                .error()
                .code,
            Errc::not_found);
}

TEST_F(DeliveryTest, NoticesAreSigned) {
  signing::FakeSigner signer;
  delivery_ = make_delivery(*store_, *directory_, queue_, *trace_, machine_.core(),
                            {.hostname = "mx.example.org", .signer = &signer});
  const auto send = [&] {
    return machine_.run(delivery_->submit_notice("From: postmaster@mx.example.org\r\n\r\nx\r\n",
                                                 address("s@example.com"), trace_->new_id()));
  };
  ASSERT_TRUE(send());
  EXPECT_EQ(queue_.messages.back().prefix, signer.fields);
  signer.error = Errc::limit_reached;
  ASSERT_TRUE(send()) << "better unsigned than not at all";
  EXPECT_EQ(queue_.messages.back().prefix, "");
}

TEST_F(DeliveryTest, OnlyWhatLeavesIsSealed) {
  const auto bob = add("bob");
  alias("both@example.org", {"bob@example.org", "x@example.net"});
  int asked = 0;
  const auto send = [&](std::string to) {
    auto mail = transaction({std::move(to)});
    mail.verdict = "Authentication-Results: us\r\n";
    mail.seal = [&asked](std::string domain) -> Task<std::string> {
      ++asked;
      co_return "ARC-Seal: " + domain + "\r\n";
    };
    return machine_.run(delivery_->deliver(std::move(mail), staged()));
  };
  ASSERT_TRUE(send("bob@example.org"));
  EXPECT_EQ(asked, 0);
  ASSERT_TRUE(send("both@example.org"));
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(queue_.messages.back().prefix,
              StartsWith("ARC-Seal: example.org\r\nAuthentication-Results: us\r\nReceived:"));
  for (const auto& copy : inbox(bob)) EXPECT_THAT(copy, Not(HasSubstr("ARC-Seal")));
}

TEST_F(DeliveryTest, WhatNobodyMissesWaitsADayAtMost) {
  auto mail = transaction({"x@example.net"});
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  mail.expendable = true;
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  ASSERT_THAT(queue_.messages, SizeIs(2));
  const auto life = [this](std::size_t n) {
    return queue_.messages.at(n).expires - queue_.messages.at(n).created;
  };
  EXPECT_EQ(life(0), 120h);
  EXPECT_EQ(life(1), 24h);
}

TEST_F(DeliveryTest, WhoeverWaitsHasTheirOwnHandling) {
  const auto small = add("small", 10);
  add("bob");
  // What they get who are none of ours, or no more, is not their matter.
  auto mail = transaction({"small@example.org", "bob@example.org", "gone@example.org"});
  mail.junk = true;
  mail.by_account[small] = {.folder = Folder::inbox};
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  ASSERT_THAT(queue_.messages, SizeIs(1));
  EXPECT_THAT(queue_.messages.at(0).recipients, SizeIs(2));
  EXPECT_FALSE(queue_.messages.at(0).junk);
  mail.by_account[small] = {.folder = Folder::rejects};
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  EXPECT_TRUE(queue_.messages.at(1).junk);
  EXPECT_FALSE(queue_.messages.at(1).held);
}

TEST_F(DeliveryTest, WhatLeadsElsewhereIsHandledAsNobodysAccount) {
  const auto bob = add("bob");
  alias("both@example.org", {"bob@example.org", "x@example.net"});
  auto mail = transaction({"both@example.org"});
  mail.by_account[bob] = {.folder = Folder::inbox};
  mail.by_account[AccountId{}] = {.folder = Folder::rejects};
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  EXPECT_THAT(inbox(bob), SizeIs(1));
  ASSERT_THAT(queue_.messages, SizeIs(1));
  EXPECT_TRUE(queue_.messages.at(0).held);
}

TEST_F(DeliveryTest, EachAccountHasItsOwnFolder) {
  const auto ann = add("ann");
  const auto bob = add("bob");
  const auto eve = add("eve");
  for (int round = 0; round < 2; ++round) {
    auto mail = transaction({"ann@example.org", "bob@example.org", "eve@example.org"});
    mail.junk = true;
    mail.by_account[ann] = {.folder = Folder::inbox};
    mail.by_account[bob] = {.folder = Folder::rejects,
                            .reason = "Postern-Reason: reject; because\r\n"};
    const auto outcome = machine_.run(delivery_->deliver(std::move(mail), staged()));
    ASSERT_TRUE(outcome);
    std::map<AccountId, std::string> where;
    for (const auto& placed : outcome->placed) where[placed.account] = placed.mailbox_name;
    EXPECT_EQ(where[ann], "INBOX");
    EXPECT_EQ(where[bob], "Rejects") << round;
    EXPECT_EQ(where[eve], "Junk");
  }
  EXPECT_THAT(inbox(ann).front(), Not(HasSubstr("Postern-Reason")));
  const auto session = store_->open(bob, "bob@example.org");
  EXPECT_EQ(machine_.run(session->mailbox("Rejects"))->messages, 2U);
}

TEST_F(DeliveryTest, TheStoryIsFoundByAnyoneInIt) {
  add("bob");
  alias("team@example.org", {"bob@example.org", "x@example.net"});
  const auto mail = transaction({"Team@example.org"});
  ASSERT_TRUE(machine_.run(delivery_->deliver(mail, staged())));
  for (const auto* who : {"s@example.com", "team@example.org", "bob@example.org", "x@example.net"})
    EXPECT_THAT(find(who), ElementsAre(mail.id)) << who;
  const auto events = machine_.run(trace_->events(mail.id)).value();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events.at(0).kind, trace::Kind::received);
  EXPECT_THAT(events.at(0).fields, Contains(Pair("account", "bob@example.org")));
  EXPECT_THAT(events.at(0).fields, Contains(Pair("helo", "mail.example.com")));
  EXPECT_EQ(events.at(1).kind, trace::Kind::delivered);
  EXPECT_THAT(events.at(1).fields, ElementsAre(Pair("mailbox", "INBOX"), Pair("uid", "1")));
}

TEST_F(DeliveryTest, RefusalsAreTraced) {
  const auto mail = transaction({"gone@example.org"});
  EXPECT_FALSE(machine_.run(delivery_->deliver(mail, staged())));
  const auto events = machine_.run(trace_->events(mail.id)).value();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events.at(0).kind, trace::Kind::refused);
  EXPECT_THAT(events.at(0).fields, Contains(Pair("why", "not_found")));
}

TEST_F(DeliveryTest, AFullDiskRefusesAll) {
  const auto bob = add("bob");
  const auto message = staged();
  engine_->set_low_space(true);
  const auto outcome =
      machine_.run(delivery_->deliver(transaction({"bob@example.org", "x@example.com"}), message));
  EXPECT_EQ(outcome.error().code, Errc::store_full);
  EXPECT_THAT(inbox(bob), IsEmpty());
  EXPECT_THAT(queue_.messages, IsEmpty());
}

TEST_F(DeliveryTest, APowerCutLeavesAllOfATransactionOrNothing) {
  add("ann");
  add("bob");
  const auto ids = std::pair{directory_->accounts().at(0).id, directory_->accounts().at(1).id};
  int there = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto before = inbox(ids.first).size();
    const auto queued = queue_.messages.size();
    auto mail = transaction({"ann@example.org", "bob@example.org", "x@example.com"});
    const auto message = staged();
    engine_->fail_next_sync();
    EXPECT_EQ(machine_.run(delivery_->deliver(mail, message)).error().code, Errc::outcome_unknown);
    EXPECT_EQ(inbox(ids.first).size(), before) << "nothing is shown before it is durable";
    EXPECT_EQ(queue_.messages.size(), queued);
    start(engine_->crash(seed));
    const auto after = inbox(ids.first).size();
    EXPECT_EQ(inbox(ids.second).size(), after);
    EXPECT_EQ(queue_records(), after);
    EXPECT_EQ(!machine_.run(trace_->events(mail.id)).value().empty(), after > before);
    EXPECT_LE(after, before + 1);
    there += after > before ? 1 : 0;
  }
  EXPECT_GT(there, 0) << "both cases were seen";
  EXPECT_LT(there, 20);
}

}  // namespace
}  // namespace postern::delivery
