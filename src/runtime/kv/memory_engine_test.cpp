// What only the engine in memory offers; the rest is in engine_test.cpp.
#include "kv/memory_engine.hpp"

#include <set>

#include <gtest/gtest.h>

#include "async/manual_core.hpp"

namespace postern::kv {
namespace {

Batch put(std::string key, std::string value) {
  Batch batch;
  batch.put(std::move(key), std::move(value));
  return batch;
}

Ticket appended(ManualCore& core, MemoryEngine& engine, Batch batch) {
  auto ticket = core.run(engine.append(std::move(batch), Engine::Purpose::adds_mail));
  EXPECT_TRUE(ticket);
  return ticket.value_or(Ticket{0});
}

std::string value(ManualCore& core, const std::shared_ptr<const Reader>& reader, std::string key) {
  auto values = core.run(reader->get({std::move(key)}));
  return values ? values->front().value_or("none") : "failed";
}

TEST(MemoryEngine, ManualSyncsWakeWhoWaits) {
  ManualCore core;
  MemoryEngine engine{{.sync = MemoryEngine::Sync::manual}};
  const Ticket ticket = appended(core, engine, put("a", "1"));
  int woken = 0;
  const auto wait = [](MemoryEngine& on, Ticket what, int& count) -> Task<> {
    const auto done = co_await on.durable(what);
    if (done) ++count;
  };
  core.group().spawn(wait(engine, ticket, woken));
  core.group().spawn(wait(engine, ticket, woken));
  core.poll();
  EXPECT_EQ(woken, 0);
  EXPECT_TRUE(engine.sync());
  core.poll();
  EXPECT_EQ(woken, 2);
}

TEST(MemoryEngine, DelayedSyncsTakeTheirTimeAndOthersAlong) {
  ManualCore core;
  MemoryEngine engine{{.sync = MemoryEngine::Sync::delayed,
                       .core = &core.core(),
                       .delay = std::chrono::milliseconds{2}}};
  int durable = 0;
  const auto commit = [](MemoryEngine& on, std::string key, int& count) -> Task<> {
    const auto ticket = co_await on.append(put(std::move(key), "v"), Engine::Purpose::housekeeping);
    const auto done = co_await on.durable(ticket.value());
    if (done) ++count;
  };
  for (const char* key : {"a", "b", "c"}) core.group().spawn(commit(engine, key, durable));
  core.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(durable, 0);
  core.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(durable, 3);
  EXPECT_EQ(engine.stats().syncs, 1U);
}

TEST(MemoryEngine, AFailedDelayedSyncIsMendedAfterRetry) {
  ManualCore core;
  MemoryEngine engine{{.sync = MemoryEngine::Sync::delayed,
                       .core = &core.core(),
                       .retry = std::chrono::seconds{5}}};
  const Ticket ticket = appended(core, engine, put("a", "1"));
  engine.fail_next_sync();
  std::optional<Errc> outcome;
  const auto wait = [](MemoryEngine& on, Ticket what, std::optional<Errc>& out) -> Task<> {
    const auto done = co_await on.durable(what);
    if (!done) out = done.error().code;
  };
  core.group().spawn(wait(engine, ticket, outcome));
  core.advance(std::chrono::seconds{4});
  EXPECT_EQ(outcome, Errc::outcome_unknown);
  EXPECT_EQ(engine.health(), Health::read_only);
  core.advance(std::chrono::seconds{2});
  EXPECT_EQ(engine.health(), Health::good);
  EXPECT_EQ(engine.generation(), 1U);
  EXPECT_EQ(value(core, engine.tip(), "a"), "none");
}

TEST(MemoryEngine, ACrashKeepsThePublishedAndAnyLengthOfTheRest) {
  std::set<std::size_t> lengths;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    ManualCore core;
    MemoryEngine engine;
    appended(core, engine, put("0", "synced"));
    engine.sync();
    for (const char* key : {"1", "2", "3"}) appended(core, engine, put(key, "unsynced"));
    const MemoryDisk disk = engine.crash(seed);
    ASSERT_TRUE(disk.contains("0"));
    for (std::size_t i = 1; i < disk.size(); ++i)
      ASSERT_TRUE(disk.contains(std::to_string(i))) << "a prefix, without holes";
    lengths.insert(disk.size());
    EXPECT_EQ(core.run(engine.append({}, Engine::Purpose::housekeeping)).error().code,
              Errc::unavailable);
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{1, 2, 3, 4}));
}

TEST(MemoryEngine, WaitersOfACrashedEngineNeverGoOn) {
  ManualCore core;
  bool went_on = false;
  {
    MemoryEngine engine{{.sync = MemoryEngine::Sync::manual}};
    const Ticket ticket = appended(core, engine, put("a", "1"));
    const auto wait = [](MemoryEngine& on, Ticket what, bool& flag) -> Task<> {
      (void)co_await on.durable(what);
      flag = true;
    };
    core.group().spawn(wait(engine, ticket, went_on));
    core.poll();
    EXPECT_TRUE(engine.crash().empty());
    core.poll();
  }
  core.poll();
  EXPECT_FALSE(went_on);
}

TEST(MemoryTable, ForgetsVersionsNobodyCanRead) {
  ManualCore core;
  MemoryEngine engine;
  appended(core, engine, put("a", "1"));
  engine.sync();
  auto old = engine.published();
  for (int i = 2; i < 9; ++i) {
    appended(core, engine, put("a", std::to_string(i)));
    engine.sync();
  }
  EXPECT_EQ(value(core, old, "a"), "1");
  old.reset();
  Batch erase;
  erase.erase("a");
  appended(core, engine, std::move(erase));
  EXPECT_EQ(value(core, engine.published(), "a"), "8");
  engine.sync();
  EXPECT_EQ(value(core, engine.published(), "a"), "none");
  EXPECT_TRUE(engine.crash().empty());
}

}  // namespace
}  // namespace postern::kv
