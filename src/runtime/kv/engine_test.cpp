// What every engine promises, held on the one in memory and the one on disk alike.
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/pool.hpp"
#include "async/random.hpp"
#include "kv/fault_fs.hpp"
#include "kv/memory_engine.hpp"
#include "kv/power_cut.hpp"
#include "kv/rocks_engine.hpp"

namespace postern::kv {
namespace {

using testing::ElementsAre;
using Values = std::vector<std::optional<std::string>>;
using Purpose = Engine::Purpose;

/// Runs a task on an event loop of its own until it has ended.
class Loop {
 public:
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr bug, T value) {
      if (bug) std::rethrow_exception(bug);
      out = std::move(value);
    });
    while (!out) io_.run_one();
    return *std::move(out);
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
};

/// An engine that a test can break, mend, stop and start again.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Engine& engine() = 0;
  virtual void restart() = 0;    ///< In good order.
  virtual void power_cut() = 0;  ///< And started again.
  virtual void break_sync() = 0;
  virtual void break_write() = 0;
  virtual void mend() = 0;  ///< Returns when the engine is open again.
  virtual void set_low_space(bool low) = 0;
};

class MemorySubject final : public Subject {
 public:
  Engine& engine() override { return *engine_; }
  void restart() override {
    engine_->sync();
    power_cut();
  }
  void power_cut() override {
    const MemoryDisk disk = engine_->crash();
    engine_ = std::make_unique<MemoryEngine>(MemoryEngine::Options{}, disk);
  }
  void break_sync() override { engine_->fail_next_sync(); }
  void break_write() override { engine_->fail_next_append(); }
  void mend() override { engine_->reopen(); }
  void set_low_space(bool low) override { engine_->set_low_space(low); }

 private:
  std::unique_ptr<MemoryEngine> engine_ = std::make_unique<MemoryEngine>();
};

std::filesystem::path fresh_directory() {
  std::string name = testing::TempDir() + "postern_kv_XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

class RocksSubject final : public Subject {
 public:
  RocksSubject() { start(); }
  ~RocksSubject() override {
    engine_.reset();
    std::filesystem::remove_all(directory_);
  }
  Engine& engine() override { return *engine_; }
  void restart() override {
    engine_.reset();
    start();
  }
  // A store that is being closed writes nothing that matters: as good as dead.
  void power_cut() override {
    faults_->inject(FaultFs::Op::sync, FaultFs::Fault::eio);
    faults_->inject(FaultFs::Op::write, FaultFs::Fault::eio);
    engine_.reset();
    const auto report = apply_power_cut(directory_);
    ASSERT_TRUE(report) << report.error().detail;
    start();
  }
  void break_sync() override { faults_->inject(FaultFs::Op::sync, FaultFs::Fault::eio); }
  void break_write() override { faults_->inject(FaultFs::Op::write, FaultFs::Fault::enospc); }
  void mend() override {
    const auto before = engine_->generation();
    faults_->heal();
    while (engine_->generation() == before) std::this_thread::yield();
  }
  void set_low_space(bool low) override { free_ = low ? 1000 : std::uint64_t{1} << 40U; }

 private:
  void start() {
    faults_ = *FaultFs::create(directory_, FaultFs::Mode::track);
    RocksOptions options{.directory = directory_,
                         .retry = std::chrono::milliseconds{1},
                         .free_bytes = [this] { return Result<std::uint64_t>{free_.load()}; },
                         .faults = faults_};
    auto opened = open_rocks(options, pool_, log::Logger{log_});
    if (!opened) throw std::runtime_error(opened.error().detail);
    engine_ = *std::move(opened);
  }

  std::filesystem::path directory_ = fresh_directory();
  std::atomic<std::uint64_t> free_ = std::uint64_t{1} << 40U;
  log::NullSink sink_;
  log::Backend log_{sink_, {}, [] { return Timestamp{}; }};
  ThreadPool pool_{"kv-test", 2, 1000};
  std::shared_ptr<FaultFs> faults_;
  std::unique_ptr<Engine> engine_;
};

enum class Kind : std::uint8_t { memory, rocks };

std::unique_ptr<Subject> make_subject(Kind kind) {
  if (kind == Kind::memory) return std::make_unique<MemorySubject>();
  return std::make_unique<RocksSubject>();
}

class EngineTest : public testing::TestWithParam<Kind> {
 protected:
  Engine& engine() { return subject_->engine(); }

  static Batch puts(std::initializer_list<std::pair<const char*, const char*>> pairs) {
    Batch batch;
    for (const auto& [key, value] : pairs) batch.put(key, value);
    return batch;
  }
  Result<Ticket> append(Batch batch, Purpose purpose = Purpose::adds_mail) {
    return loop_.run(engine().append(std::move(batch), purpose));
  }
  Ticket appended(Batch batch) {
    const auto ticket = append(std::move(batch));
    EXPECT_TRUE(ticket) << ticket.error().detail;
    return ticket.value_or(Ticket{0});
  }
  Errc durable(Ticket ticket) {
    const auto done = loop_.run(engine().durable(ticket));
    return done ? kFine : done.error().code;
  }
  void commit(Batch batch) { EXPECT_EQ(durable(appended(std::move(batch))), kFine); }
  Values get(const std::shared_ptr<const Reader>& reader, std::vector<std::string> keys) {
    auto values = loop_.run(reader->get(std::move(keys)));
    EXPECT_TRUE(values) << values.error().detail;
    return values ? *values : Values{};
  }
  Page scan(const std::shared_ptr<const Reader>& reader, Range range) {
    auto page = loop_.run(reader->scan(std::move(range)));
    EXPECT_TRUE(page) << page.error().detail;
    return page ? *page : Page{};
  }
  std::map<std::string, std::string> dump(const std::shared_ptr<const Reader>& reader) {
    std::map<std::string, std::string> all;
    Range range{.begin = "", .end = "\xff", .limit = 7};
    for (bool more = true; more;) {
      Page page = scan(reader, range);
      more = page.more;
      for (auto& pair : page.pairs) all.emplace(pair.key, pair.value);
      if (more) range.begin = page.pairs.back().key + '\0';
    }
    return all;
  }

  static constexpr Errc kFine = Errc::shutting_down;  // no engine gives it
  Loop loop_;
  std::unique_ptr<Subject> subject_ = make_subject(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest, testing::Values(Kind::memory, Kind::rocks),
                         [](const auto& info) {
                           return info.param == Kind::memory ? "Memory" : "Rocks";
                         });

TEST_P(EngineTest, TheTipShowsWhatIsAppendedPublishedOnlyWhatIsDurable) {
  const auto before = engine().published();
  const Ticket ticket = appended(puts({{"a", "1"}}));
  EXPECT_GT(ticket, before->ticket());
  EXPECT_EQ(get(engine().tip(), {"a"}), (Values{"1"}));
  EXPECT_GE(engine().tip()->ticket(), ticket);
  EXPECT_EQ(durable(ticket), kFine);
  EXPECT_GE(engine().published_ticket(), ticket);
  EXPECT_EQ(get(engine().published(), {"a", "b"}), (Values{"1", std::nullopt}));
  EXPECT_GE(engine().published()->ticket(), ticket);
  EXPECT_EQ(get(before, {"a"}), (Values{std::nullopt})) << "a reader is a frozen state";
  EXPECT_EQ(durable(ticket), kFine) << "asking again is fine";
}

TEST_P(EngineTest, TicketsRiseInTheOrderOfTheBatches) {
  Ticket last{0};
  for (int i = 0; i < 20; ++i) {
    const Ticket ticket = appended(puts({{"a", "1"}, {"b", "2"}}));
    EXPECT_GT(ticket, last);
    last = ticket;
  }
  EXPECT_EQ(durable(last), kFine);
  EXPECT_EQ(engine().published_ticket(), last);
  EXPECT_EQ(engine().stats().appends, 20U);
  EXPECT_GE(engine().stats().syncs, 1U);
}

TEST_P(EngineTest, WithinABatchTheLaterOperationWins) {
  commit(puts({{"k1", "old"}, {"k2", "old"}, {"k3", "old"}, {"z", "stays"}}));
  Batch batch;
  batch.put("k1", "a");
  batch.erase_range("k1", "k3");
  batch.put("k2", "b");
  batch.put("k3", "c");
  batch.erase("k3");
  batch.erase_range("z", "a");
  batch.erase_range("z", "z");
  commit(std::move(batch));
  EXPECT_EQ(get(engine().published(), {"k1", "k2", "k3", "z"}),
            (Values{std::nullopt, "b", std::nullopt, "stays"}));
}

TEST_P(EngineTest, ScansBothWaysWithinTheirLimits) {
  commit(puts({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}}));
  Batch batch;
  batch.erase("c");
  commit(std::move(batch));
  const auto keys = [&](Range range) {
    std::string all;
    const Page page = scan(engine().published(), std::move(range));
    for (const auto& pair : page.pairs) all += pair.key;
    return all + (page.more ? "+" : "");
  };
  EXPECT_EQ(keys({.begin = "a", .end = "z"}), "abde");
  EXPECT_EQ(keys({.begin = "b", .end = "e"}), "bd");
  EXPECT_EQ(keys({.begin = "a", .end = "z", .limit = 2}), "ab+");
  EXPECT_EQ(keys({.begin = "a", .end = "c", .limit = 2}), "ab");
  EXPECT_EQ(keys({.begin = "a", .end = "z", .max_bytes = 3}), "ab+");
  EXPECT_EQ(keys({.begin = "a", .end = "z", .backwards = true}), "edba");
  EXPECT_EQ(keys({.begin = "a", .end = "e", .limit = 1, .backwards = true}), "d+");
  EXPECT_EQ(keys({.begin = "e", .end = "a"}), "");
  EXPECT_EQ(keys({.begin = "a", .end = "a"}), "");
  EXPECT_EQ(keys({.begin = "x", .end = "z", .backwards = true}), "");
}

TEST_P(EngineTest, BytesOfAllKindsAndSizesComeBack) {
  const std::string key{"\0\xff\x01", 3};
  const std::string big(100'000, '\xee');
  Batch batch;
  batch.put(key, big);
  batch.put(key + '\0', "");
  commit(std::move(batch));
  subject_->restart();
  EXPECT_EQ(get(engine().published(), {key, key + '\0'}), (Values{big, ""}));
}

TEST_P(EngineTest, WhatIsDurableOutlivesAPowerCut) {
  commit(puts({{"a", "1"}}));
  commit(puts({{"a", "2"}, {"big", std::string(50'000, 'x').c_str()}}));
  subject_->power_cut();
  EXPECT_EQ(dump(engine().published()).size(), 2U);
  EXPECT_EQ(get(engine().published(), {"a"}), (Values{"2"}));
  commit(puts({{"b", "3"}}));
  subject_->restart();
  EXPECT_EQ(get(engine().published(), {"a", "b"}), (Values{"2", "3"}));
}

TEST_P(EngineTest, AFailedSyncShowsNothingAndEndsInAReopening) {
  commit(puts({{"a", "1"}}));
  const auto shown = engine().published();
  const auto shown_ticket = engine().published_ticket();
  const auto generation = engine().generation();
  const Ticket lost = appended(puts({{"a", "2"}}));
  const auto tip = engine().tip();
  subject_->break_sync();
  EXPECT_EQ(durable(lost), Errc::outcome_unknown);
  EXPECT_EQ(engine().health(), Health::read_only);
  EXPECT_EQ(get(engine().published(), {"a"}), (Values{"1"})) << "reading goes on";
  EXPECT_EQ(engine().published_ticket(), shown_ticket);
  EXPECT_EQ(append(puts({{"b", "1"}}), Purpose::housekeeping).error().code, Errc::unavailable);

  subject_->mend();
  EXPECT_EQ(engine().generation(), generation + 1);
  EXPECT_EQ(engine().health(), Health::good);
  EXPECT_EQ(engine().stats().reopens, 1U);
  EXPECT_EQ(durable(lost), Errc::outcome_unknown) << "for ever";
  EXPECT_EQ(loop_.run(shown->get({"a"})).error().code, Errc::unavailable);
  EXPECT_EQ(loop_.run(tip->get({"a"})).error().code, Errc::unavailable);
  // Whatever recovery found is what everybody sees, and it stays.
  const Values found = get(engine().published(), {"a"});
  EXPECT_TRUE(found == Values{"1"} || found == Values{"2"});
  EXPECT_EQ(get(engine().tip(), {"a"}), found);
  subject_->power_cut();
  EXPECT_EQ(get(engine().published(), {"a"}), found);
  commit(puts({{"b", "1"}}));
}

TEST_P(EngineTest, AFailedWriteMakesItReadOnlyTillReopened) {
  commit(puts({{"a", "1"}}));
  const Ticket before = appended(puts({{"unsynced", "1"}}));
  subject_->break_write();
  const auto refused = append(puts({{"b", "1"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::io_failed);
  EXPECT_EQ(engine().health(), Health::read_only);
  EXPECT_EQ(durable(before), Errc::outcome_unknown);
  EXPECT_EQ(get(engine().published(), {"a", "b"}), (Values{"1", std::nullopt}));
  subject_->mend();
  EXPECT_EQ(get(engine().published(), {"a", "b"}), (Values{"1", std::nullopt}));
  commit(puts({{"b", "2"}}));
  subject_->restart();
  EXPECT_EQ(get(engine().published(), {"a", "b"}), (Values{"1", "2"}));
}

TEST_P(EngineTest, BatchesOfAnEarlierGenerationAreRefused) {
  Batch batch = puts({{"a", "1"}});
  batch.require_generation(engine().generation());
  const Ticket lost = appended(std::move(batch));
  subject_->break_sync();
  EXPECT_EQ(durable(lost), Errc::outcome_unknown);
  subject_->mend();
  Batch stale = puts({{"a", "2"}});
  stale.require_generation(engine().generation() - 1);
  EXPECT_EQ(append(std::move(stale)).error().code, Errc::unavailable);
}

TEST_P(EngineTest, BelowTheReserveOnlyMailIsRefused) {
  subject_->set_low_space(true);
  EXPECT_EQ(engine().health(), Health::low_space);
  EXPECT_EQ(append(puts({{"a", "1"}})).error().code, Errc::store_full);
  EXPECT_TRUE(append(puts({{"a", "1"}}), Purpose::housekeeping));
  subject_->set_low_space(false);
  EXPECT_EQ(engine().health(), Health::good);
  commit(puts({{"a", "2"}}));
}

/// One step of a random script, the same for every engine with the same seed.
Batch random_batch(SeededRandom& random) {
  Batch batch;
  const auto key = [&] {
    return std::string(1, static_cast<char>('a' + random.below(26))) +
           std::to_string(random.below(4));
  };
  for (auto ops = random.below(6); ops > 0; --ops) switch (random.below(8)) {
      case 0:  batch.erase_range(key(), key()); break;
      case 1:
      case 2:  batch.erase(key()); break;
      default: batch.put(key(), random.bytes(random.below(40) == 0 ? 5000 : 20)); break;
    }
  return batch;
}

TEST(EngineScripts, RandomOperationsGiveTheSameStateOnBothEngines) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Loop loop;
    std::vector<std::map<std::string, std::string>> states[2];
    for (const Kind kind : {Kind::memory, Kind::rocks}) {
      SeededRandom random{seed};
      const auto subject = make_subject(kind);
      for (int step = 0; step < 60; ++step) {
        auto ticket = loop.run(subject->engine().append(random_batch(random), Purpose::adds_mail));
        ASSERT_TRUE(ticket);
        const auto what = random.below(20);
        if (what < 6 || what == 19) {
          ASSERT_TRUE(loop.run(subject->engine().durable(*ticket)));
        }
        if (what == 18) subject->restart();
        if (what == 19) subject->power_cut();
        const auto tip = subject->engine().tip();
        auto page = loop.run(tip->scan({.begin = "a", .end = "z"}));
        auto back = loop.run(tip->scan({.begin = "c", .end = "x", .limit = 9, .backwards = true}));
        ASSERT_TRUE(page && back);
        auto& state = states[static_cast<std::size_t>(kind)].emplace_back();
        for (const auto& [key, value] : page->pairs) state[key] = value;
        for (const auto& [key, value] : back->pairs) state["back" + key] = value;
      }
    }
    EXPECT_EQ(states[0], states[1]);
  }
}

TEST_P(EngineTest, ThreadsMayShareIt) {
  constexpr int kThreads = 4;
  constexpr int kCommits = 50;
  std::vector<Loop> loops(kThreads);  // a core outlives the engine's last word to it
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Loop& loop = loops[static_cast<std::size_t>(t)];
      for (int i = 0; i < kCommits; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        Batch batch;
        batch.put(key, "v");
        const auto ticket = loop.run(engine().append(std::move(batch), Purpose::adds_mail));
        const auto done = loop.run(engine().durable(ticket.value_or(Ticket{0})));
        const auto found = loop.run(engine().published()->get({key}));
        if (!ticket || !done || !found || found->front() != "v") ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(dump(engine().published()).size(), std::size_t{kThreads * kCommits});
  subject_.reset();
}

}  // namespace
}  // namespace postern::kv
