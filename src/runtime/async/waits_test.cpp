// Mutex, event, group, sleep, gather: all waits on one core, in time that stands still.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/event.hpp"
#include "async/gather.hpp"
#include "async/manual_core.hpp"
#include "async/mutex.hpp"
#include "async/sleep.hpp"

namespace postern {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class WaitsTest : public ::testing::Test {
 protected:
  ManualCore machine_;
  Core& core_ = machine_.core();
  std::string log_;
};

Task<> hold(AsyncMutex& mutex, Core& core, std::string& log, char name) {
  const auto guard = co_await mutex.lock();
  log += name;
  co_await sleep(core, 1s);
  log += '.';
}

TEST_F(WaitsTest, AMutexIsHeldByOneInTheOrderOfAsking) {
  AsyncMutex mutex;
  for (const char name : {'a', 'b', 'c'}) machine_.group().spawn(hold(mutex, core_, log_, name));
  machine_.poll();
  EXPECT_EQ(log_, "a");
  EXPECT_FALSE(mutex.try_lock());
  machine_.advance(1s);
  EXPECT_EQ(log_, "a.b");
  machine_.advance(2s);
  EXPECT_EQ(log_, "a.b.c.");
  EXPECT_FALSE(mutex.locked());
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_FALSE(mutex.locked());
}

Task<> lock_often(AsyncMutex& mutex, Core& core, int& inside, int& done) {
  for (int i = 0; i < 100; ++i) {
    const auto guard = co_await mutex.lock();
    EXPECT_EQ(++inside, 1);
    if (i % 3 == 0) {
      co_await sleep(core, 1ms);
    }
    --inside;
    ++done;
  }
}

TEST_F(WaitsTest, AContendedMutexStaysExclusive) {
  AsyncMutex mutex;
  int inside = 0;
  int done = 0;
  for (int i = 0; i < 4; ++i) machine_.group().spawn(lock_often(mutex, core_, inside, done));
  machine_.advance(10s);
  EXPECT_EQ(done, 400);
}

Task<> wait_for_event(Event& event, std::string& log) {
  co_await event.wait();
  log += 'n';
}

TEST_F(WaitsTest, AnEventWakesAllWhoWait) {
  Event event;
  event.notify_all();  // no memory
  machine_.group().spawn(wait_for_event(event, log_));
  machine_.group().spawn(wait_for_event(event, log_));
  auto expired = machine_.try_run(event.wait_for(core_.timers, 5s));
  EXPECT_FALSE(expired);
  EXPECT_EQ(log_, "");
  event.notify_all();
  machine_.poll();
  EXPECT_EQ(log_, "nn");
  EXPECT_EQ(core_.timers.next(), std::nullopt);
}

Task<> wait_limited(Event& event, Core& core, std::string& log) {
  const bool notified = co_await event.wait_for(core.timers, 5s);
  log += notified ? 'n' : 'x';
}

TEST_F(WaitsTest, AnEventWaitEndsAtItsLimit) {
  Event event;
  machine_.group().spawn(wait_limited(event, core_, log_));
  machine_.advance(4s);
  EXPECT_EQ(log_, "");
  machine_.advance(1s);
  EXPECT_EQ(log_, "x");
  event.notify_all();
  machine_.group().spawn(wait_limited(event, core_, log_));
  machine_.advance(4s);
  event.notify_all();
  machine_.advance(4s);
  EXPECT_EQ(log_, "xn");
}

Task<> nap(Sleeper& sleeper, std::string& log) {
  const bool passed = co_await sleeper.sleep(10s);
  log += passed ? 'p' : 'c';
}

TEST_F(WaitsTest, ASleepEndsInTimeOrByCancelForGood) {
  Sleeper sleeper{core_};
  machine_.group().spawn(nap(sleeper, log_));
  machine_.advance(9s);
  EXPECT_EQ(log_, "");
  machine_.advance(1s);
  EXPECT_EQ(log_, "p");
  machine_.group().spawn(nap(sleeper, log_));
  machine_.advance(1s);
  sleeper.cancel();
  machine_.poll();
  EXPECT_EQ(log_, "pc");
  machine_.group().spawn(nap(sleeper, log_));
  machine_.poll();
  EXPECT_EQ(log_, "pcc");
}

Task<int> delayed(Core& core, Duration length, int value) {
  co_await sleep(core, length);
  co_return value;
}

Task<> gather_three(Core& core, std::vector<int>& out) {
  std::vector<Task<int>> tasks;
  tasks.push_back(delayed(core, 3s, 1));
  tasks.push_back(delayed(core, 1s, 2));
  tasks.push_back(delayed(core, 2s, 3));
  out = co_await gather(std::move(tasks));
}

TEST_F(WaitsTest, GatherRunsAtTheSameTimeAndKeepsTheOrder) {
  std::vector<int> out;
  machine_.group().spawn(gather_three(core_, out));
  machine_.advance(2s);
  EXPECT_TRUE(out.empty());
  machine_.advance(1s);
  EXPECT_THAT(out, ElementsAre(1, 2, 3));
}

Task<> thrower() {
  throw std::runtime_error{"bug"};
  co_return;
}

Task<> join_and_tell(TaskGroup& group, std::string& log) {
  co_await group.join();
  log += 'j';
}

TEST_F(WaitsTest, AGroupJoinsItsChildrenAndReportsBugs) {
  int bugs = 0;
  TaskGroup group{core_.executor, [&bugs](std::exception_ptr) { ++bugs; }};
  Sleeper sleeper{core_};
  group.spawn(thrower());
  group.spawn(nap(sleeper, log_));
  machine_.group().spawn(join_and_tell(group, log_));
  machine_.poll();
  EXPECT_EQ(bugs, 1);
  EXPECT_EQ(group.count(), 1U);
  EXPECT_EQ(log_, "");
  machine_.advance(10s);
  EXPECT_EQ(log_, "pj");
}

TEST_F(WaitsTest, WhatStillWaitsGoesWithItsCore) {
  Event event;  // the leak checker is the judge
  ManualCore other;
  other.group().spawn(wait_for_event(event, log_));
  other.poll();
  EXPECT_EQ(other.group().count(), 1U);
}

}  // namespace
}  // namespace postern
