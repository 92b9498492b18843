// What only the engine on disk has: files, processes, failures at every call.
#include "kv/rocks_engine.hpp"

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kv/fault_fs.hpp"
#include "kv/power_cut.hpp"

namespace postern::kv {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Purpose = Engine::Purpose;

class RocksEngineTest : public testing::Test {
 protected:
  RocksEngineTest() {
    std::string name = testing::TempDir() + "postern_rocks_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
  }
  ~RocksEngineTest() override {
    engine_.reset();
    fs::remove_all(directory_);
  }

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
  [[nodiscard]] RocksOptions options() const {
    return {.directory = directory_,
            .block_cache = block_cache_,
            .write_buffers = write_buffers_,
            .reserve = 0,
            .retry = std::chrono::milliseconds{1},
            .faults = faults_};
  }
  Result<std::unique_ptr<Engine>> open() { return open_rocks(options(), pool_, log::Logger{log_}); }
  void start(std::optional<FaultFs::Mode> mode = std::nullopt) {
    if (mode) faults_ = *FaultFs::create(directory_, *mode);
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().detail;
    engine_ = *std::move(opened);
  }
  Result<void> commit(std::string key, std::string value) {
    Batch batch;
    batch.put(std::move(key), std::move(value));
    auto ticket = run(engine_->append(std::move(batch), Purpose::adds_mail));
    if (!ticket) return std::unexpected(ticket.error());
    return run(engine_->durable(*ticket));
  }
  std::string read(const std::shared_ptr<const Reader>& reader, std::string key) {
    auto values = run(reader->get({std::move(key)}));
    if (!values) return std::string{to_string(values.error().code)};
    return values->front().value_or("none");
  }
  /// As after kill -9: nothing the engine does on its way out reaches the files.
  void die() {
    faults_->inject(FaultFs::Op::sync, FaultFs::Fault::eio);
    faults_->inject(FaultFs::Op::write, FaultFs::Fault::eio);
    engine_.reset();
    faults_.reset();
  }

  fs::path directory_;
  std::size_t block_cache_ = std::size_t{16} << 20U;
  std::size_t write_buffers_ = std::size_t{24} << 20U;
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
  log::CaptureSink lines_;
  log::Backend log_{lines_, {}, [] { return Timestamp{}; }};
  ThreadPool pool_{"kv-test", 2, 1000};
  std::shared_ptr<FaultFs> faults_;
  std::unique_ptr<Engine> engine_;
};

/// More rows than fit into memory, some with their values in blob files; engine and caches are new.
class RocksColdTest : public RocksEngineTest {
 protected:
  static constexpr std::uint32_t kRows = 20'000;
  static std::string key(std::uint32_t i) { return "row" + std::to_string(100'000 + i); }
  static std::string value(std::uint32_t i) {
    return std::string(i % 3 == 0 ? 3000 : 100 + i % 400, 'v') + std::to_string(i);
  }
  void SetUp() override {
    block_cache_ = std::size_t{1} << 20U;
    write_buffers_ = std::size_t{4} << 20U;
    start();
    // Written in no order, so that every table spans all keys.
    for (std::uint32_t i = 0; i < kRows;) {
      Batch batch;
      for (const auto end = i + 500; i < end; ++i) {
        const auto at = i * 7919 % kRows;
        batch.put(key(at), value(at));
      }
      ASSERT_TRUE(run(engine_->append(std::move(batch), Purpose::adds_mail)));
    }
    engine_.reset();
    start();
  }
};

TEST_F(RocksColdTest, WhatIsPartlyInMemoryIsReadWhole) {
  std::minstd_rand random{1};
  for (std::size_t round = 0; round < 600; ++round) {
    const auto step = round % 5 + 1;
    std::vector<std::string> keys;
    std::vector<std::optional<std::string>> expected;
    const std::size_t count = random() % (round % 2 == 0 ? 8 : 100) + 1;
    for (std::size_t n = 0, at = random(); n < count; ++n, at += step) {
      const auto i = static_cast<std::uint32_t>(at % kRows);
      keys.push_back(key(i));
      expected.emplace_back(value(i));
    }
    const auto found = run(engine_->published()->get(std::move(keys)));
    ASSERT_TRUE(found);
    ASSERT_TRUE(*found == expected) << "round " << round;
  }
}

TEST_F(RocksColdTest, WhatIsPartlyInMemoryIsScannedWhole) {
  std::minstd_rand random{1};
  for (std::size_t round = 0; round < 300; ++round) {
    const auto first = static_cast<std::uint32_t>(random() % kRows);
    const auto count = static_cast<std::uint32_t>(random() % (round % 2 == 0 ? 8 : 300) + 1);
    const auto last = std::min(first + count, kRows);
    // Some of what the scan meets has come into memory before, some not.
    ASSERT_TRUE(run(engine_->published()->get({key(first + (last - first) / 2)})));
    const bool backwards = round % 3 == 0;
    Range range{.begin = key(first), .end = key(last)};
    range.backwards = backwards;
    const auto page = run(engine_->published()->scan(std::move(range)));
    ASSERT_TRUE(page);
    ASSERT_GE(page->pairs.size(), page->more ? 1U : last - first);
    for (std::uint32_t n = 0; n < page->pairs.size(); ++n) {
      const auto i = backwards ? last - 1 - n : first + n;
      ASSERT_EQ(page->pairs[n].key, key(i)) << "round " << round;
      ASSERT_TRUE(page->pairs[n].value == value(i)) << "round " << round << " " << key(i);
    }
  }
}

TEST_F(RocksEngineTest, ASecondOwnerIsToldWhoTheFirstIs) {
  start();
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_THAT(second.error().detail, HasSubstr(directory_.string()));
  EXPECT_THAT(second.error().detail, HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_EQ(open_rocks_read_only(options(), pool_).error().code, Errc::conflict);
  engine_.reset();
  EXPECT_TRUE(open());
}

TEST_F(RocksEngineTest, ReadingOnlyChangesNoFile) {
  EXPECT_EQ(open_rocks_read_only(options(), pool_).error().code, Errc::not_found);
  start();
  ASSERT_TRUE(commit("a", "1"));
  ASSERT_TRUE(commit("body", std::string(10'000, 'b')));
  engine_.reset();
  const auto files = [&] {
    std::map<std::string, std::uintmax_t> all;
    for (const auto& file : fs::recursive_directory_iterator{directory_})
      if (file.is_regular_file()) all[file.path()] = file.file_size();
    return all;
  };
  const auto before = files();
  {
    const auto reader = open_rocks_read_only(options(), pool_);
    ASSERT_TRUE(reader) << reader.error().detail;
    EXPECT_EQ(read(*reader, "a"), "1");
    EXPECT_EQ(read(*reader, "body").size(), 10'000U);
    const auto page = run((*reader)->scan({.begin = "a", .end = "z"}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->pairs.size(), 2U);
    EXPECT_EQ(open().error().code, Errc::conflict) << "a look keeps owners out";
  }
  EXPECT_EQ(files(), before);
}

TEST_F(RocksEngineTest, UnusableDirectoriesAreNamed) {
  std::ofstream{directory_ / "file"} << "x";
  directory_ /= "file";
  const auto opened = open();
  directory_ = directory_.parent_path();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::io_failed);
  EXPECT_THAT(opened.error().detail, HasSubstr("/file"));
}

TEST_F(RocksEngineTest, WhatIsOnlyOnDiskIsReadThroughThePool) {
  start();
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(commit("k" + std::to_string(i), std::string(i % 2 == 0 ? 10 : 5000, 'v')));
  engine_.reset();
  start();  // recovery moved everything from the log to tables; the cache is empty
  const auto reader = engine_->published();
  std::vector<std::string> keys;
  for (int i = 0; i < 60; ++i) keys.push_back("k" + std::to_string(i));
  const auto values = run(reader->get(keys));
  ASSERT_TRUE(values) << values.error().detail;
  for (std::size_t i = 0; i < 60; ++i)
    EXPECT_EQ((*values)[i].value_or("").size(), i >= 50 ? 0U : i % 2 == 0 ? 10U : 5000U) << i;
  for (const bool backwards : {false, true}) {
    const auto page = run(reader->scan({.begin = "k", .end = "l", .backwards = backwards}));
    ASSERT_TRUE(page) << page.error().detail;
    EXPECT_EQ(page->pairs.size(), 50U);
  }
}

TEST_F(RocksEngineTest, DamagedBytesAreNeverServed) {
  start();
  ASSERT_TRUE(commit("body", std::string(100'000, 'b')));
  engine_.reset();
  start();
  engine_.reset();
  bool damaged = false;
  for (const auto& file : fs::directory_iterator{directory_ / "db"}) {
    if (file.path().extension() != ".blob") continue;
    std::fstream blob{file.path(), std::ios::in | std::ios::out};
    blob.seekp(50'000);
    blob.put('X');
    damaged = true;
  }
  ASSERT_TRUE(damaged) << "large values belong into blob files";
  start();
  EXPECT_EQ(read(engine_->published(), "body"), "corrupt");
}

TEST_F(RocksEngineTest, WhatNobodyWaitsForIsSyncedAllTheSame) {
  start();
  Batch batch;
  batch.put("a", "1");
  auto how = options();
  engine_.reset();
  how.idle_sync = std::chrono::milliseconds{1};
  engine_ = *open_rocks(how, pool_, log::Logger{log_});
  const auto ticket = run(engine_->append(std::move(batch), Purpose::housekeeping));
  ASSERT_TRUE(ticket);
  while (engine_->published_ticket() < *ticket) std::this_thread::yield();
  EXPECT_EQ(read(engine_->published(), "a"), "1");
}

TEST_F(RocksEngineTest, ManyWaitersShareSyncs) {
  start(FaultFs::Mode::track);
  constexpr std::size_t kCommits = 400;
  std::vector<Ticket> tickets;
  for (std::size_t i = 0; i < kCommits; ++i) {
    Batch batch;
    batch.put(std::to_string(i), "v");
    const auto ticket = run(engine_->append(std::move(batch), Purpose::adds_mail));
    ASSERT_TRUE(ticket);
    tickets.push_back(*ticket);
  }
  std::size_t done = 0;
  for (const Ticket ticket : tickets) {
    asio::co_spawn(io_, engine_->durable(ticket),
                   [&](std::exception_ptr, const Result<void>& durable) {
                     EXPECT_TRUE(durable);
                     ++done;
                   });
  }
  while (done < kCommits) io_.run_one();
  // One covers them all; what ran while they were appended (idle_sync) comes on top.
  EXPECT_LE(engine_->stats().syncs, 20U);
  EXPECT_EQ(engine_->stats().appends, kCommits);
}

TEST_F(RocksEngineTest, ThePowerCutTakesWhatWasNotSynced) {
  start(FaultFs::Mode::track);
  ASSERT_TRUE(commit("synced", "1"));
  Batch batch;
  batch.put("unsynced", "1");
  ASSERT_TRUE(run(engine_->append(std::move(batch), Purpose::adds_mail)));
  die();
  const auto cut = apply_power_cut(directory_);
  ASSERT_TRUE(cut) << cut.error().detail;
  EXPECT_GT(cut->bytes_lost, 0U);
  start(FaultFs::Mode::track);
  EXPECT_EQ(read(engine_->published(), "synced"), "1");
  EXPECT_EQ(read(engine_->published(), "unsynced"), "none");
}

// The negative control: a store that only pretends to sync must be caught.
TEST_F(RocksEngineTest, WithoutSyncsThePowerCutTakesWhatWasAcknowledged) {
  start(FaultFs::Mode::track);
  ASSERT_TRUE(commit("honest", "1"));
  engine_.reset();
  start(FaultFs::Mode::no_sync);
  ASSERT_TRUE(commit("pretended", "1"));
  die();
  ASSERT_TRUE(apply_power_cut(directory_));
  faults_.reset();
  const auto opened = open();
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(read((*opened)->published(), "honest"), "1");
  EXPECT_EQ(read((*opened)->published(), "pretended"), "none");
}

TEST_F(RocksEngineTest, TheControlFileInjectsFromOutside) {
  start(FaultFs::Mode::track);
  ASSERT_TRUE(commit("a", "1"));
  std::ofstream{directory_ / "faults"} << "sync eio\n";
  EXPECT_EQ(commit("a", "2").error().code, Errc::outcome_unknown);
  EXPECT_THAT(lines_.text(), HasSubstr("the store failed and is read-only"));
  fs::remove(directory_ / "faults");
  while (engine_->generation() == 0) std::this_thread::yield();
  EXPECT_TRUE(commit("b", "1"));
  EXPECT_THAT(lines_.text(), HasSubstr("the store works again"));
}

/// Whatever call fails, and however: what was acknowledged stays, what was shown was acknowledged
/// or found by recovery, and the store works again once the disk does.
class RocksFaultSweep : public RocksEngineTest,
                        public testing::WithParamInterface<std::pair<FaultFs::Op, FaultFs::Fault>> {
};

INSTANTIATE_TEST_SUITE_P(Faults, RocksFaultSweep,
                         testing::Values(std::pair{FaultFs::Op::write, FaultFs::Fault::enospc},
                                         std::pair{FaultFs::Op::write, FaultFs::Fault::eio},
                                         std::pair{FaultFs::Op::sync, FaultFs::Fault::eio}));

TEST_P(RocksFaultSweep, NothingAcknowledgedIsLost) {
  const auto [op, fault] = GetParam();
  using State = std::map<std::string, std::string>;
  State settled;               // acknowledged, or shown by a reopened store
  write_buffers_ = 64 << 10U;  // tables are written, and fail to be, all the time
  int failures = 0;
  for (const std::uint64_t skip : {0U, 1U, 2U, 3U, 5U, 8U, 13U, 21U, 34U, 45U, 55U, 70U}) {
    SCOPED_TRACE(skip);
    start(FaultFs::Mode::track);
    faults_->inject(op, fault, skip);
    State unknown;
    for (int i = 0; i < 60; ++i) {
      const std::string key = "key" + std::to_string(i % 20);
      const std::string value =
          std::to_string(skip) + "/" + std::to_string(i) + std::string(3000, 'v');
      const auto done = commit(key, value);
      if (done) settled[key] = value;
      if (!done && done.error().code != Errc::unavailable) unknown[key] = value;
    }
    const auto check = [&](State& now, const State& allowed) {
      for (auto& [key, value] : now) {
        const std::string found = read(engine_->published(), key);
        const auto other = allowed.find(key);
        EXPECT_TRUE(found == value || (other != allowed.end() && found == other->second)) << key;
        value = found;
      }
    };
    const bool failed = engine_->health() == Health::read_only;
    failures += failed ? 1 : 0;
    check(settled, {});  // nothing but what is durable is shown
    if (failed && skip % 2 == 0) {
      faults_->heal();
      while (engine_->generation() == 0) std::this_thread::yield();
      check(settled, unknown);
      unknown.clear();
      ASSERT_TRUE(commit("after", "x"));
      settled["after"] = "x";
    }
    die();
    ASSERT_TRUE(apply_power_cut(directory_, skip % 3 == 0 ? std::optional{skip} : std::nullopt));
    start();
    check(settled, unknown);
    engine_.reset();
  }
  EXPECT_GE(failures, 10);
}

}  // namespace
}  // namespace postern::kv
