// What people ask for while attempts are under way, and crashes in between.
#include <gtest/gtest.h>

#include "queue/test_support.hpp"

namespace postern::queue {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(QueueOrders, AHoldDuringAnAttemptSurvivesACrash) {
  Machine m;
  m.start();
  m.transport.blocked = true;
  const auto id = m.submit(m.message({"a@x.example"}));
  ASSERT_EQ(m.transport.running, 1U);
  EXPECT_EQ(m.ask(m.queue->hold({.id = id}, "look at it")), 1U);
  EXPECT_TRUE(m.stored(id).held);
  EXPECT_EQ(m.ask(m.queue->hold({.id = id}, "again")), 0U);
  EXPECT_EQ(m.ask(m.queue->retry_now({.id = id})), 0U);
  Machine again{m.engine.crash()};
  again.start();
  again.core.advance(minutes{10});
  EXPECT_TRUE(again.transport.jobs.empty());
  EXPECT_TRUE(again.stored(id).held);
  EXPECT_EQ(again.stored(id).held_why, "look at it");
  EXPECT_EQ(again.queue->stats().held, 1U);
  EXPECT_EQ(again.orders_on_disk(), 0U);
  EXPECT_EQ(again.ask(again.queue->release({.id = id})), 1U);
  EXPECT_EQ(again.transport.jobs.size(), 1U);
}

TEST(QueueOrders, ADropDuringAnAttemptSurvivesACrash) {
  Machine m;
  m.start();
  m.transport.blocked = true;
  const auto id = m.submit(m.message({"a@x.example", "b@y.example"}));
  EXPECT_EQ(m.ask(m.queue->drop({.id = id}, "spam")), 1U);
  EXPECT_EQ(m.ask(m.queue->hold({.id = id}, "too late")), 0U);
  EXPECT_EQ(m.ask(m.queue->release({.id = id})), 0U);
  Machine again{m.engine.crash()};
  again.start();
  again.core.advance(seconds{1});
  EXPECT_TRUE(again.transport.jobs.empty());
  EXPECT_EQ(again.on_disk(), 0U);
  EXPECT_EQ(again.in_index(), 0U);
  EXPECT_EQ(again.orders_on_disk(), 0U);
  EXPECT_TRUE(again.traced(trace::Kind::dropped));
  EXPECT_TRUE(again.notices.empty());
}

TEST(QueueOrders, AReleaseTakesAHoldBackForGood) {
  Machine m;
  m.start();
  m.transport.blocked = true;
  const auto id = m.submit(m.message({"a@x.example"}));
  EXPECT_EQ(m.ask(m.queue->hold({.id = id}, "look at it")), 1U);
  EXPECT_EQ(m.ask(m.queue->release({.id = id})), 1U);
  EXPECT_FALSE(m.stored(id).held);
  EXPECT_EQ(m.ask(m.queue->release({.id = id})), 0U);
  Machine again{m.engine.crash()};
  again.start();
  again.core.advance(seconds{1});
  EXPECT_EQ(again.transport.jobs.size(), 1U);
  EXPECT_EQ(again.on_disk(), 0U);
}

TEST(QueueOrders, CommandsOfAStoppedServerMeetOrdersThatACrashLeft) {
  for (const bool release : {true, false}) {
    Machine m;
    m.start();
    m.transport.blocked = true;
    const auto id = m.submit(m.message({"a@x.example"}));
    EXPECT_EQ(m.ask(m.queue->hold({.id = id}, "look at it")), 1U);
    Machine again{m.engine.crash()};
    if (release) EXPECT_EQ(again.ask(again.queue->release({})), 1U);
    if (!release) EXPECT_EQ(again.ask(again.queue->drop({}, "no")), 1U);
    EXPECT_EQ(again.orders_on_disk(), 0U);
    again.start();
    again.core.advance(seconds{1});
    EXPECT_EQ(again.transport.jobs.size(), release ? 1U : 0U);
    EXPECT_EQ(again.on_disk(), 0U);
  }
}

/// What the order writes must not take back what delivery's commit says of the recipient.
TEST(QueueOrders, AHoldDuringALocalAttemptMakesNoSecondCopy) {
  Machine m;
  Local local{m.engine};
  m.local = &local;
  m.start();
  local.blocked = true;
  m.transport.blocked = true;
  const auto id = m.submit(m.message({"a@us.example", "b@x.example"}));
  ASSERT_EQ(local.running, 1);
  EXPECT_EQ(m.ask(m.queue->hold({.id = id}, "wait")), 1U);
  local.open();
  m.core.poll();
  EXPECT_EQ(local.delivered, 1);
  EXPECT_TRUE(m.engine.sync());
  Machine again{m.engine.crash()};
  Local other{again.engine};
  again.local = &other;
  again.start();
  again.core.advance(seconds{1});
  EXPECT_TRUE(again.stored(id).held);
  EXPECT_EQ(again.ask(again.queue->release({.id = id})), 1U);
  EXPECT_EQ(other.delivered, 0);
  EXPECT_EQ(again.transport.count("x.example"), 1U);
}

TEST(QueueOrders, ADropThatCouldNotBeDoneIsNotForgotten) {
  Machine m;
  m.start();
  m.transport.blocked = true;
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  const auto id = m.submit(m.message({"a@x.example"}));
  EXPECT_EQ(m.ask(m.queue->drop({.id = id}, "spam")), 1U);
  m.store.links_stay = true;
  m.transport.open();
  m.core.advance(seconds{1});
  EXPECT_EQ(m.on_disk(), 1U);
  m.store.links_stay = false;
  m.core.advance(minutes{6});
  EXPECT_EQ(m.on_disk(), 0U);
  EXPECT_EQ(m.orders_on_disk(), 0U);
  EXPECT_EQ(m.transport.jobs.size(), 1U);
}

TEST(QueueOrders, AnOrderAboutNothingIsTakenAway) {
  kv::MemoryDisk disk;
  disk[order_key(QueueId{5})] = encode(Order{.kind = Order::Kind::drop, .why = "spam"});
  Machine m{disk};
  EXPECT_EQ(m.orders_on_disk(), 1U);
  m.start();
  m.core.advance(seconds{1});
  EXPECT_EQ(m.orders_on_disk(), 0U);
}

TEST(QueueOrders, ARetrySurvivesACrash) {
  Machine m;
  m.start();
  m.transport.otherwise = refusal(451, "4.3.0", "later");
  const auto id = m.submit(m.message({"a@x.example"}));
  m.core.advance(seconds{1});
  m.transport.blocked = true;
  EXPECT_EQ(m.ask(m.queue->retry_now({.id = id})), 1U);
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  Machine again{m.engine.crash()};
  again.start();
  again.core.advance(seconds{10});
  EXPECT_EQ(again.transport.jobs.size(), 1U);
  EXPECT_EQ(again.in_index(), 0U);
}

}  // namespace
}  // namespace postern::queue
