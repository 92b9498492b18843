#include "queue/journal.hpp"

#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"

namespace postern::queue {
namespace {

using std::chrono::seconds;

/// An engine whose appends can be made to wait.
class SlowEngine final : public kv::Engine {
 public:
  kv::MemoryEngine real;
  bool stalling = false;

  void go_on() {
    stalling = false;
    gone_on_.notify_all();
  }
  Task<Result<kv::Ticket>> append(kv::Batch batch, Purpose purpose) override {
    while (stalling) co_await gone_on_.wait();
    co_return co_await real.append(std::move(batch), purpose);
  }
  Task<Result<void>> durable(kv::Ticket ticket) override { return real.durable(ticket); }
  kv::Ticket published_ticket() const override { return real.published_ticket(); }
  std::shared_ptr<const kv::Reader> published() const override { return real.published(); }
  std::shared_ptr<const kv::Reader> tip() const override { return real.tip(); }
  kv::Health health() const override { return real.health(); }
  std::uint64_t generation() const override { return real.generation(); }
  Stats stats() const override { return real.stats(); }

 private:
  Event gone_on_;
};

struct Desk {
  Desk() {
    core.group().spawn(journal.run_writer());
    core.group().spawn(journal.run_syncer());
    core.poll();
  }
  ~Desk() {
    engine.go_on();
    journal.stop();
    core.advance(seconds{2});
    EXPECT_EQ(core.group().count(), 0U) << "the journal does not end";
  }
  void write(std::string key) {
    kv::Batch batch;
    batch.put(std::move(key), "x");
    journal.write(std::move(batch));
    core.poll();
  }
  bool on_disk(std::string key) {
    std::vector<std::string> keys;
    keys.push_back(std::move(key));
    const auto values = core.run(engine.published()->get(std::move(keys)));
    return values.value().at(0).has_value();
  }

  ManualCore core;
  SlowEngine engine;
  int reopened = 0;
  Journal journal{engine, core.core(), [this] { ++reopened; }};
};

TEST(Journal, ABatchThatFailedWhileTheSyncWaitedIsWrittenAgain) {
  Desk desk;
  desk.write("a");
  EXPECT_TRUE(desk.engine.real.sync());  // somebody else's sync: "a" is safe
  desk.engine.real.fail_next_append();
  desk.write("b");
  desk.core.advance(seconds{5});
  desk.engine.real.reopen();
  desk.core.advance(seconds{5});
  EXPECT_EQ(desk.reopened, 1);
  EXPECT_TRUE(desk.on_disk("a"));
  EXPECT_TRUE(desk.on_disk("b"));
}

TEST(Journal, ABatchOnItsWayIsNotTakenForSynced) {
  Desk desk;
  desk.write("a");
  desk.engine.stalling = true;
  desk.write("b");
  desk.core.advance(seconds{1});
  EXPECT_TRUE(desk.on_disk("a"));
  desk.engine.real.fail_next_append();
  desk.engine.go_on();
  desk.core.advance(seconds{1});
  desk.engine.real.reopen();
  desk.core.advance(seconds{5});
  EXPECT_TRUE(desk.on_disk("b"));
}

TEST(Journal, EndsAtAStopWhileTheEngineIsBroken) {
  Desk desk;
  desk.write("a");
  desk.engine.real.fail_next_append();
  desk.write("b");
  EXPECT_FALSE(desk.journal.healthy());
}

}  // namespace
}  // namespace postern::queue
