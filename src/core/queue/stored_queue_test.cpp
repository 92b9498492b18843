#include "queue/stored_queue.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/test_support.hpp"

namespace postern::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(Queue, SendsWhatIsCommittedAndForgetsIt) {
  Machine m;
  m.start();
  m.submit(m.message({"a@x.example", "b@x.example", "c@y.example"}));
  m.core.advance(seconds{1});
  ASSERT_EQ(m.transport.jobs.size(), 2U);
  const auto& job = m.transport.jobs.at(m.transport.jobs.at(0).domain == "x.example" ? 0 : 1);
  EXPECT_EQ(job.recipients.size(), 2U);
  EXPECT_EQ(job.size, m.store.body.size() + 25);
  EXPECT_TRUE(job.own);
  EXPECT_EQ(m.core.run(job.read(20, 12)).value(), "ple\r\nSubject");
  EXPECT_EQ(m.core.run(job.read(0, 1000)).value(), "Received: by us.example\r\n" + m.store.body);
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.in_index(), 0U);
  EXPECT_EQ(m.store.links_dropped, 1);
  EXPECT_TRUE(m.notices.empty());
  EXPECT_TRUE(m.traced(trace::Kind::sent));
  EXPECT_TRUE(m.traced(trace::Kind::attempt));
  EXPECT_EQ(m.queue->stats().sent, 3U);
  EXPECT_EQ(m.queue->stats().waiting, 0U);
}

TEST(Queue, SplitsManyRecipientsIntoAttempts) {
  Machine m{{}, {.recipients_per_attempt = 100}};
  m.start();
  std::vector<std::string> to;
  for (int i = 0; i < 250; ++i) to.push_back("r" + std::to_string(i) + "@x.example");
  m.submit(m.message(to));
  ASSERT_EQ(m.transport.jobs.size(), 3U);
  EXPECT_EQ(m.transport.jobs.at(0).recipients.size(), 100U);
  EXPECT_EQ(m.transport.jobs.at(2).recipients.size(), 50U);
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(Queue, TriesAgainByTheScheduleAndOnlyWhoStillWaits) {
  Machine m;
  m.start();
  m.transport.answers["x.example"] = refusal(450, "4.2.0", "busy");
  const auto id = m.submit(m.message({"a@x.example", "b@y.example"}));
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  const auto waiting = m.stored(id);
  EXPECT_EQ(waiting.recipients.at(0).last_text, "busy");
  EXPECT_EQ(waiting.recipients.at(1).state, RecipientState::sent);
  m.core.advance(minutes{4});
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  m.core.advance(minutes{2});
  EXPECT_EQ(m.transport.count("x.example"), 2U);
  EXPECT_EQ(m.transport.count("y.example"), 1U);
  m.transport.answers.clear();
  m.core.advance(minutes{15});
  EXPECT_EQ(m.transport.count("x.example"), 3U);
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_TRUE(m.traced(trace::Kind::deferred));
}

TEST(Queue, TellsTheSenderOfAFailure) {
  Machine m;
  m.start();
  m.transport.answers["x.example"] = refusal(550, "5.1.1", "no such user");
  m.submit(m.message({"a@x.example", "b@y.example"}));
  m.core.advance(seconds{1});
  ASSERT_EQ(m.notices.size(), 1U);
  EXPECT_EQ(m.notices.at(0).to, "me@us.example");
  EXPECT_THAT(m.notices.at(0).content, HasSubstr("Final-Recipient: rfc822; a@x.example"));
  EXPECT_THAT(m.notices.at(0).content, HasSubstr("no such user"));
  EXPECT_THAT(m.notices.at(0).content, testing::Not(HasSubstr("b@y.example")));
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_TRUE(m.traced(trace::Kind::failed));
  EXPECT_TRUE(m.traced(trace::Kind::bounced));
}

TEST(Queue, ANoticeThatNobodyTakesIsNotLost) {
  Machine m;
  m.notices_fail = true;
  m.start();
  m.transport.answers["x.example"] = refusal(550, "5.1.1", "no such user");
  m.submit(m.message({"a@x.example"}));
  m.core.advance(seconds{1});
  EXPECT_EQ(m.on_disk(), 1U);
  m.notices_fail = false;
  m.core.advance(minutes{6});
  EXPECT_EQ(m.notices.size(), 1U);
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.transport.jobs.size(), 1U);
}

TEST(Queue, SuccessIsReportedUnlessTheNextHopDoes) {
  Machine m;
  m.start();
  auto message = m.message({"a@x.example", "b@y.example"});
  for (auto& recipient : message.recipients)
    recipient.notify = {.bits = Notify::kSuccess, .given = true};
  auto passed = m.transport.otherwise;
  passed.dsn_passed_on = true;
  m.transport.answers["y.example"] = passed;
  m.submit(std::move(message));
  m.core.advance(seconds{1});
  ASSERT_EQ(m.notices.size(), 1U);
  EXPECT_THAT(m.notices.at(0).content, HasSubstr("Action: relayed"));
  EXPECT_THAT(m.notices.at(0).content, testing::Not(HasSubstr("b@y.example")));
}

TEST(Queue, TellsOfADelayOnce) {
  Machine m;
  m.start();
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  m.submit(m.message({"a@x.example"}));
  m.core.advance(hours{3});
  EXPECT_TRUE(m.notices.empty());
  m.core.advance(hours{30});
  ASSERT_EQ(m.notices.size(), 1U);
  EXPECT_THAT(m.notices.at(0).content, HasSubstr("Action: delayed"));
}

TEST(Queue, GivesUpAfterFiveDays) {
  Machine m;
  m.start();
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  auto message = m.message({"a@x.example"});
  message.recipients.at(0).notify.bits = Notify::kFailure;
  m.submit(std::move(message));
  m.core.advance(hours{5 * 24 - 1});
  EXPECT_TRUE(m.notices.empty());
  EXPECT_EQ(m.on_disk(), 1U);
  m.core.advance(hours{1} + seconds{1});
  ASSERT_EQ(m.notices.size(), 1U);
  EXPECT_THAT(m.notices.at(0).content, HasSubstr("Action: failed"));
  EXPECT_THAT(m.notices.at(0).content, HasSubstr("later"));
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(Queue, AFailureThatNobodyMayBeToldOfIsHeld) {
  for (const bool null_sender : {true, false}) {
    Machine m;
    m.start();
    m.transport.otherwise = refusal(550, "5.1.1", "no such user");
    auto message = m.message({"a@x.example"}, null_sender ? "" : "them@z.example");
    message.sender_proven = false;
    message.sender = AccountId{};
    const auto id = m.submit(std::move(message));
    m.core.advance(hours{24 * 30});
    EXPECT_TRUE(m.notices.empty());
    EXPECT_EQ(m.transport.jobs.size(), 1U);
    const auto held = m.stored(id);
    EXPECT_TRUE(held.held);
    EXPECT_THAT(held.held_why, HasSubstr("no such user"));
    EXPECT_EQ(m.queue->stats().held, 1U);
    EXPECT_TRUE(m.traced(trace::Kind::held));
    // Somebody looked at it: once more, please.
    m.transport.otherwise = ScriptedTransport{}.otherwise;
    EXPECT_EQ(m.ask(m.queue->release({.id = id})), 1U);
    EXPECT_EQ(m.on_disk(), 0U);
    EXPECT_EQ(m.queue->stats().held, 0U);
    EXPECT_TRUE(m.traced(trace::Kind::released));
  }
}

TEST(Queue, HoldsReleasesRetriesAndDrops) {
  Machine m;
  m.start();
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  const auto a = m.submit(m.message({"a@x.example"}));
  const auto b = m.submit(m.message({"b@y.example"}));
  EXPECT_EQ(m.ask(m.queue->hold({.domain = "X.example"}, "look at it")), 1U);
  EXPECT_TRUE(m.stored(a).held);
  EXPECT_EQ(m.ask(m.queue->hold({.id = a}, "again")), 0U);
  m.core.advance(hours{1});
  EXPECT_EQ(m.transport.count("x.example"), 1U);
  const auto before = m.transport.count("y.example");
  EXPECT_EQ(m.ask(m.queue->retry_now({.address = "B@Y.example"})), 1U);
  EXPECT_EQ(m.transport.count("y.example"), before + 1);
  EXPECT_EQ(m.ask(m.queue->retry_now({.id = a})), 0U);
  EXPECT_EQ(m.core.run(m.queue->list({}, 10)).value().size(), 2U);
  EXPECT_EQ(m.core.run(m.queue->list({}, 1)).value().size(), 1U);
  EXPECT_EQ(m.core.run(m.queue->list({.address = "me@us.example"}, 10)).value().size(), 2U);
  EXPECT_EQ(m.ask(m.queue->drop({.id = a}, "spam")), 1U);
  EXPECT_EQ(m.ask(m.queue->drop({.id = b}, "spam")), 1U);
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.in_index(), 0U);
  EXPECT_TRUE(m.traced(trace::Kind::dropped));
  EXPECT_TRUE(m.notices.empty());
  EXPECT_FALSE(m.core.run(m.queue->show(a)));
}

TEST(Queue, CommandsReachMessagesWhoseAttemptIsUnderWay) {
  Machine m;
  m.start();
  m.transport.blocked = true;
  const auto held = m.submit(m.message({"a@x.example"}));
  const auto dropped = m.submit(m.message({"a@y.example"}));
  EXPECT_EQ(m.ask(m.queue->hold({.id = held}, "wait")), 1U);
  EXPECT_EQ(m.ask(m.queue->drop({.id = dropped}, "no")), 1U);
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  m.transport.open();
  m.core.advance(seconds{1});
  EXPECT_TRUE(m.stored(held).held);
  EXPECT_EQ(m.on_disk(), 1U);
  EXPECT_EQ(m.queue->stats().held, 1U);
}

TEST(Queue, CommandsWorkWhileNobodySends) {
  Machine first;
  const auto id = first.submit(first.message({"a@x.example"}));
  EXPECT_EQ(first.ask(first.queue->hold({}, "stopped")), 1U);
  EXPECT_TRUE(first.stored(id).held);
  EXPECT_EQ(first.ask(first.queue->release({.id = id})), 1U);
  EXPECT_FALSE(first.stored(id).held);
}

TEST(Queue, ADeadHostIsNotTriedByEveryMessage) {
  Machine m;
  m.start();
  m.transport.down = {"dead.example"};
  for (int i = 0; i < 200; ++i) m.submit(m.message({"a@dead.example"}));
  m.submit(m.message({"a@alive.example"}));
  m.core.advance(seconds{2});
  EXPECT_LE(m.transport.count("dead.example"), 5U);
  EXPECT_EQ(m.transport.count("alive.example"), 1U);
  EXPECT_EQ(m.on_disk(), 200U);
  const auto so_far = m.transport.count("dead.example");
  m.core.advance(hours{2});
  EXPECT_LE(m.transport.count("dead.example"), so_far + 12);
  EXPECT_GT(m.transport.count("dead.example"), so_far);
  m.transport.down.clear();
  m.core.advance(hours{5});
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(Queue, KeepsToItsLimitsOfConcurrency) {
  Machine m{{}, {.workers = 8, .per_destination_start = 5}};
  m.start();
  m.transport.blocked = true;
  for (int i = 0; i < 20; ++i) {
    m.submit(m.message({"a@x.example"}));
    m.submit(m.message({"a@y.example"}));
  }
  EXPECT_EQ(m.transport.running, 8U);
  EXPECT_LE(m.transport.count("x.example"), 5U);
  m.transport.open();
  m.core.advance(seconds{1});
  EXPECT_LE(m.transport.most, 8U);
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(Queue, ManyForOneDestinationDoNotStandInTheWayOfOthers) {
  Machine m;
  m.start();
  m.transport.blocked = true;
  QueueId last;
  for (int i = 0; i < 1300; ++i) last = m.submit(m.message({"a@x.example"}));
  m.submit(m.message({"a@y.example"}));
  EXPECT_EQ(m.transport.count("y.example"), 1U);
  EXPECT_EQ(m.ask(m.queue->hold({.id = last}, "put aside and held")), 1U);
  m.transport.open();
  m.core.advance(seconds{10});
  EXPECT_EQ(m.transport.count("x.example"), 1299U);
  EXPECT_EQ(m.on_disk(), 1U);
}

TEST(Queue, TenThousandMessagesAreDrainedInOneGo) {
  Machine m;
  for (int i = 0; i < 10'000; ++i) {
    const auto to = i % 2 == 0 ? "a@x.example" : "a@d" + std::to_string(i) + ".example";
    kv::Batch batch;
    m.queue->add(batch, m.message({to}));
    static_cast<void>(
        m.core.run(m.engine.append(std::move(batch), kv::Engine::Purpose::adds_mail)));
  }
  m.start();
  m.core.advance(seconds{10});
  EXPECT_EQ(m.transport.jobs.size(), 10'000U);
  EXPECT_EQ(m.in_index(), 0U);
}

TEST(Queue, AReadOnlyStorePausesAttemptsAndForgetsNothing) {
  Machine m;
  m.start();
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  m.submit(m.message({"a@x.example"}));
  m.core.advance(seconds{1});
  m.engine.fail_next_append();
  m.transport.otherwise = ScriptedTransport{}.otherwise;
  m.core.advance(minutes{6});  // sent, and the record of it is refused
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  m.core.advance(hours{1});
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  m.engine.reopen();
  m.core.advance(seconds{5});
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  m.submit(m.message({"b@x.example"}));
  m.core.advance(seconds{5});
  EXPECT_EQ(m.transport.jobs.size(), 3U);
}

TEST(Queue, AfterAFailedSyncTheRecordsAreWrittenAgain) {
  Machine m;
  m.start();
  m.submit(m.message({"a@x.example"}));
  m.engine.fail_next_sync();
  m.core.advance(seconds{1});
  m.engine.reopen();
  EXPECT_EQ(m.on_disk(), 1U);  // the removal was lost with the sync
  m.core.advance(seconds{5});
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.transport.jobs.size(), 1U);
}

/// Stops the process after each step of a message's life in turn.
TEST(Queue, ACrashLosesNoMessageAtAnyStep) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    kv::MemoryDisk disk;
    std::size_t sent = 0;
    {
      Machine m;
      m.start();
      m.transport.answers["x.example"] = refusal(451, "4.3.0", "later");
      m.submit(m.message({"a@x.example", "b@y.example"}));
      m.core.advance(std::chrono::milliseconds{17 * static_cast<int>(seed)});
      if (seed % 3 == 0) m.transport.answers.clear();
      if (seed % 2 == 0) m.core.advance(minutes{6});
      const bool done = m.on_disk() == 0;
      EXPECT_LE(done, m.transport.answers.empty());
      sent = m.transport.answers.empty() && m.transport.count("x.example") > 1 ? 1 : 0;
      disk = m.engine.crash(seed);
    }
    Machine again{disk};
    again.core.advance(hours{24});
    again.start();
    again.core.advance(hours{1});
    EXPECT_EQ(again.on_disk(), 0U);
    EXPECT_EQ(again.in_index(), 0U);
    EXPECT_GE(sent + again.transport.count("x.example"), 1U);
    EXPECT_LE(again.transport.count("x.example"), 1U);
  }
}

TEST(Queue, LocalAttemptsAreLimitedTooAndDoNotWaitForSlowHosts) {
  Machine m{{}, {.workers = 2}};
  Local local{m.engine};
  m.local = &local;
  m.start();
  m.transport.blocked = true;
  for (int i = 0; i < 5; ++i) m.submit(m.message({"a@x.example"}));
  EXPECT_EQ(m.transport.running, 2U);
  local.blocked = true;
  for (int i = 0; i < 5; ++i) m.submit(m.message({"a@us.example"}));
  EXPECT_EQ(local.running, 2);
  local.open();
  m.core.advance(seconds{1});
  EXPECT_EQ(local.delivered, 5);
  EXPECT_EQ(m.on_disk(), 5U);
  m.transport.open();
  m.core.advance(seconds{1});
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(Queue, AStopBeginsNoLocalAttemptAnyMore) {
  Machine m{{}, {.workers = 2}};
  Local local{m.engine};
  m.local = &local;
  m.start();
  local.blocked = true;
  for (int i = 0; i < 5; ++i) m.submit(m.message({"a@us.example"}));
  m.queue->stop();
  m.core.poll();
  local.open();
  m.core.advance(seconds{1});
  EXPECT_EQ(local.delivered, 2);
  EXPECT_EQ(m.on_disk(), 3U);
  EXPECT_EQ(m.core.group().count(), 0U);
}

TEST(Queue, OurOwnRecipientsGoToDeliveryAndTheOthersOut) {
  Machine m;
  Local local{m.engine};
  m.local = &local;
  local.outcome = refusal(452, "4.2.2", "full");
  local.outcome.host.clear();
  m.start();
  m.submit(m.message({"a@us.example", "b@x.example"}));
  m.core.advance(seconds{1});
  EXPECT_EQ(m.transport.count("us.example"), 0U);
  EXPECT_EQ(m.transport.count("x.example"), 1U);
  EXPECT_EQ(m.on_disk(), 1U);
  local.outcome = {.kind = RecipientOutcome::Kind::sent, .status = "2.0.0", .text = "INBOX"};
  m.core.advance(minutes{6});
  EXPECT_EQ(local.delivered, 1);
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.transport.count("x.example"), 1U);
}

TEST(Queue, ALocalCopyIsRecordedInItsOwnCommit) {
  Machine m;
  Local local{m.engine};
  m.local = &local;
  m.start();
  m.transport.blocked = true;
  m.submit(m.message({"a@us.example", "b@x.example"}));
  m.core.poll();
  EXPECT_EQ(local.delivered, 1);
  EXPECT_TRUE(m.engine.sync());
  Machine again{m.engine.crash()};
  Local other{again.engine};
  again.local = &other;
  again.start();
  again.core.advance(seconds{1});
  EXPECT_EQ(other.delivered, 0);
  EXPECT_EQ(again.transport.count("x.example"), 1U);
  EXPECT_EQ(again.on_disk(), 0U);
}

}  // namespace
}  // namespace postern::queue
