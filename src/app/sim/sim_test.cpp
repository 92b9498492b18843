#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/script_world.hpp"
#include "sim/world.hpp"
#include "text/ascii.hpp"

namespace postern::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (text == nullptr) return otherwise;
  return text::parse_number<std::uint64_t>(text).value_or(otherwise);
}

/// Most runs are short: many beginnings find more than long continuations. Some are long.
constexpr unsigned kShort = 12;
constexpr unsigned kLong = 200;
constexpr std::uint64_t kLongEvery = 50;

/// How to see it again.
std::string repeat(const WorldOptions& options) {
  return fmt::format("repeat: POSTERN_SEED={} postern_sim_test --gtest_filter={}", options.seed,
                     options.protocols ? "Sim.Protocols" : "Sim.Store");
}

void run_seeds(WorldOptions options, std::uint64_t seeds) {
  Outcome all;
  const auto one = from_environment("POSTERN_SEED", 0);
  if (one != 0) seeds = 1;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    options.seed = one != 0 ? one : seed;
    options.steps = options.seed % kLongEvery == 0 ? kLong : kShort;
    const Outcome outcome = run_world(options);
    ASSERT_THAT(outcome.breaches, ::testing::IsEmpty()) << repeat(options);
    all.operations += outcome.operations;
    all.acknowledged += outcome.acknowledged;
    all.crashes += outcome.crashes;
    all.failures += outcome.failures;
  }
  fmt::print("{} seeds: {} operations, {} acknowledged, {} crashes, {} failing disks\n", seeds,
             all.operations, all.acknowledged, all.crashes, all.failures);
  if (one == 0) {
    EXPECT_GT(all.acknowledged, seeds);
    EXPECT_GE(all.crashes, seeds);
  }
}

/// The first seed of `seeds` with which the fault is noticed; 0: none.
std::uint64_t noticed(Mutant mutant, std::uint64_t seeds, bool protocols = false) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    if (!run_world({.seed = seed, .protocols = protocols, .mutant = mutant}).breaches.empty())
      return seed;
  return 0;
}

TEST(Sim, Store) {
  run_seeds({}, from_environment("POSTERN_SEEDS", 1000));
}

TEST(Sim, Protocols) {
  run_seeds({.protocols = true}, from_environment("POSTERN_SEEDS", 1000) / 20);
}

TEST(Sim, SameSeedSameRun) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Outcome first = run_world({.seed = seed});
    const Outcome again = run_world({.seed = seed});
    EXPECT_EQ(first.fingerprint, again.fingerprint);
    EXPECT_EQ(first.operations, again.operations);
    EXPECT_NE(first.fingerprint, run_world({.seed = seed + 100}).fingerprint);
  }
}

/// A folder that is gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "postern_sim_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

constexpr std::uint64_t kDiskSeeds = 5;
constexpr unsigned kScript = 150;  ///< Operations.

/// Runs a script in memory, there with a fault, and on disk.
std::pair<ScriptEnd, ScriptEnd> run_twice(std::uint64_t seed, Mutant fault = Mutant::none) {
  const Folder folder;
  return {run_script({.seed = seed, .steps = kScript, .mutant = fault}, {}),
          run_script({.seed = seed, .steps = kScript}, folder.path())};
}

TEST(Sim, SameStateOnDisk) {
  const auto one = from_environment("POSTERN_SEED", 0);
  std::uint64_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= (one != 0 ? 1 : kDiskSeeds); ++seed) {
    const auto [memory, disk] = run_twice(one != 0 ? one : seed);
    const auto again =
        fmt::format("repeat: POSTERN_SEED={} postern_sim_test --gtest_filter=Sim.SameStateOnDisk",
                    one != 0 ? one : seed);
    ASSERT_THAT(memory.outcome.breaches, ::testing::IsEmpty()) << again;
    ASSERT_THAT(disk.outcome.breaches, ::testing::IsEmpty()) << again;
    ASSERT_EQ(first_difference(memory.state, disk.state), "") << again;
    ASSERT_EQ(memory.outcome.fingerprint, disk.outcome.fingerprint) << again;
    acknowledged += memory.outcome.acknowledged;
  }
  if (one == 0) EXPECT_GT(acknowledged, kDiskSeeds * kScript / 4);
}

TEST(Sim, NoticesThatTheStateOnDiskIsAnother) {
  const auto [memory, disk] = run_twice(1, Mutant::loses_batches);
  EXPECT_NE(first_difference(memory.state, disk.state), "");
}

// The simulator can fail: every engine that is wrong is found out soon.
TEST(Sim, NoticesAnEngineThatAcknowledgesBeforeTheSync) {
  EXPECT_NE(noticed(Mutant::acks_early, 20), 0U);
}
TEST(Sim, NoticesAnEngineThatShowsWhatIsNotSynced) {
  EXPECT_NE(noticed(Mutant::shows_unsynced, 20), 0U);
}
TEST(Sim, NoticesThatClientsWereToldWhatIsNotSynced) {
  EXPECT_NE(noticed(Mutant::shows_unsynced, 20, true), 0U);
}
TEST(Sim, NoticesAnEngineThatLosesABatch) {
  EXPECT_NE(noticed(Mutant::loses_batches, 20), 0U);
}
TEST(Sim, NoticesAnEngineThatForgetsWhatWasSynced) {
  EXPECT_NE(noticed(Mutant::forgets_synced, 20), 0U);
}

}  // namespace
}  // namespace postern::sim
