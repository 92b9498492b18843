// Pools and cores: what crosses threads.
#include <atomic>
#include <future>
#include <latch>
#include <memory>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "async/core_loop.hpp"
#include "async/manual_core.hpp"
#include "async/on_core.hpp"
#include "async/on_pool.hpp"
#include "async/sleep.hpp"

namespace postern {
namespace {

using namespace std::chrono_literals;

class ThreadsTest : public ::testing::Test {
 protected:
  ~ThreadsTest() override {
    for (auto* loop : {&one_, &two_}) {
      loop->stop();
      loop->join();
    }
  }
  /// Runs `task` on the first core and returns what it gave.
  template <class T>
  T run(Task<T> task) {
    std::promise<T> promise;
    TaskGroup group{one_.core().executor, [](std::exception_ptr) { std::abort(); }};
    asio::post(one_.core().executor, [&] { group.spawn(deliver(std::move(task), promise)); });
    T value = promise.get_future().get();
    std::promise<void> idle;  // the group's own bookkeeping ends a turn later
    asio::post(one_.core().executor, [&] { wait_empty(group, idle); });
    idle.get_future().wait();
    return value;
  }
  void start() {
    one_.start("one");
    two_.start("two");
  }

  SystemClock clock_;
  SystemRandom random_;
  CoreLoop one_{clock_, random_};
  CoreLoop two_{clock_, random_};

 private:
  template <class T>
  static Task<> deliver(Task<T> task, std::promise<T>& promise) {
    T value = co_await std::move(task);
    promise.set_value(std::move(value));
  }
  void wait_empty(TaskGroup& group, std::promise<void>& idle) {
    if (group.count() == 0) return idle.set_value();
    asio::post(one_.core().executor, [&] { wait_empty(group, idle); });
  }
};

Task<bool> pool_round_trip(Pool& pool) {
  const auto before = std::this_thread::get_id();
  const auto get_id = [] { return std::this_thread::get_id(); };
  const auto there = co_await on_pool(pool, get_id);
  co_return there && *there != before&& std::this_thread::get_id() == before;
}

TEST_F(ThreadsTest, PoolWorkRunsElsewhereAndComesBack) {
  ThreadPool pool{"pool", 2, 10};
  start();
  EXPECT_TRUE(run(pool_round_trip(pool)));
}

Task<bool> catches(Pool& pool) {
  const auto work = [] { throw std::runtime_error{"bug"}; };
  try {
    (void)co_await on_pool(pool, work);
  } catch (const std::runtime_error&) {
    co_return true;
  }
  co_return false;
}

TEST_F(ThreadsTest, PoolWorkThatThrowsThrowsAtTheCaller) {
  ThreadPool pool{"pool", 1, 10};
  start();
  EXPECT_TRUE(run(catches(pool)));
}

Task<Errc> refused(Pool& pool) {
  const auto work = [] { return std::make_unique<int>(1); };
  const auto got = co_await on_pool(pool, work);
  co_return got ? Errc::conflict : got.error().code;
}

TEST_F(ThreadsTest, AFullPoolRefuses) {
  std::latch running{1};
  std::latch go_on{1};
  ThreadPool pool{"pool", 1, 1};
  ASSERT_TRUE(pool.post([&] {
    running.count_down();
    go_on.wait();
  }));
  running.wait();
  ASSERT_TRUE(pool.post([] {}));
  EXPECT_FALSE(pool.post([] {}));
  start();
  EXPECT_EQ(run(refused(pool)), Errc::limit_reached);
  go_on.count_down();
}

TEST_F(ThreadsTest, APoolEndsWithItsQueueDone) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool{"pool", 2, 100};
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.post([&done] { ++done; }));
  }
  EXPECT_EQ(done, 50);
}

TEST(InlinePool, RunsAtOnce) {
  ManualCore machine;
  InlinePool pool;
  const auto work = [] { return 7; };
  EXPECT_EQ(machine.run(on_pool(pool, work)).value(), 7);
}

struct NoDefault {
  explicit NoDefault(std::thread::id where) : id{where} {}
  std::thread::id id;
};

Task<NoDefault> where_am_i() {
  co_return NoDefault{std::this_thread::get_id()};
}

Task<int> visit(Core& other) {
  const auto here = std::this_thread::get_id();
  const Executor home = co_await this_executor();
  const NoDefault there = co_await on_core(other.executor, where_am_i());
  const bool back = std::this_thread::get_id() == here;
  const NoDefault direct = co_await on_core(home, where_am_i());
  co_return (there.id != here ? 1 : 0) + (back ? 2 : 0) + (direct.id == here ? 4 : 0);
}

TEST_F(ThreadsTest, ATaskVisitsAnotherCore) {
  start();
  EXPECT_EQ(run(visit(two_.core())), 7);
}

Task<Duration> timed_sleep(Core& core) {
  const Instant began = core.clock.instant();
  Sleeper unused{core};
  co_await sleep(core, 30ms);
  co_await sleep(core, 1ms);  // earlier than what the alarm was last set for
  co_return core.clock.instant() - began;
}

TEST_F(ThreadsTest, TheLoopDrivesItsTimers) {
  start();
  EXPECT_GE(run(timed_sleep(one_.core())), 31ms);
}

}  // namespace
}  // namespace postern
