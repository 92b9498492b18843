// Durable commits of one 4 KiB body and 8 small rows, as an ingest makes them. Run one at a time;
// `io_per_byte` is what the process wrote (wchar, and to the disk) per byte appended.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>

#include "async/pool.hpp"
#include "async/random.hpp"
#include "kv/rocks_engine.hpp"
#include "record/key.hpp"

namespace postern::kv {
namespace {

struct Written {
  std::uint64_t calls = 0;
  std::uint64_t disk = 0;
};

Written written() {
  std::ifstream in{"/proc/self/io"};
  Written now;
  std::string name;
  for (std::uint64_t value = 0; in >> name >> value;) {
    if (name == "wchar:") now.calls = value;
    if (name == "write_bytes:") now.disk = value;
  }
  return now;
}

Batch message(SeededRandom& random, std::uint64_t account, std::uint64_t number, std::size_t size) {
  Batch batch;
  batch.put(record::KeyWriter{3, std::uint16_t{0}, 1}.u64(random.u64()).done(), random.bytes(size));
  for (std::uint8_t kind = 1; kind <= 8; ++kind)
    batch.put(record::KeyWriter{2, AccountId{account}, kind}.u64(number).done(), random.bytes(40));
  return batch;
}

struct Work {
  Engine& engine;
  std::int64_t left;
  std::uint64_t accounts;
  std::size_t size;
  SeededRandom random{1};
  std::uint64_t number = 0;
  int failures = 0;
};

Task<> session(Work& work) {
  while (work.left-- > 0) {
    const std::uint64_t account = work.random.below(work.accounts) * 0x9e3779b97f4a7c15U;
    Batch batch = message(work.random, account, ++work.number, work.size);
    const auto ticket = co_await work.engine.append(std::move(batch), Engine::Purpose::adds_mail);
    if (!ticket) {
      ++work.failures;
      continue;
    }
    const auto done = co_await work.engine.durable(*ticket);
    if (!done) ++work.failures;
  }
}

/// Arguments: sessions, accounts, bytes of a body, thousands of commits.
void durable_commits(benchmark::State& state) {
  const char* base = std::getenv("POSTERN_BENCH_DIR");
  std::string directory = std::string{base != nullptr ? base : "/tmp"} + "/kv_bench_XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return state.SkipWithError("no directory");
  log::NullSink sink;
  log::Backend log{sink, {}, [] { return Timestamp{}; }};
  ThreadPool pool{"kv-bench", 2, 1000};
  for (auto _ : state) {
    asio::io_context io{1};
    auto engine = open_rocks({.directory = directory}, pool, log::Logger{log});
    if (!engine) return state.SkipWithError(engine.error().detail.c_str());
    Work work{.engine = **engine,
              .left = state.range(3) * 1000,
              .accounts = static_cast<std::uint64_t>(state.range(1)),
              .size = static_cast<std::size_t>(state.range(2))};
    const Written before = written();
    const auto count = static_cast<double>(work.left);
    std::int64_t running = state.range(0);
    for (std::int64_t i = 0; i < state.range(0); ++i)
      asio::co_spawn(io, session(work), [&](std::exception_ptr) { --running; });
    while (running > 0 && io.run_one() > 0) {
    }
    const Engine::Stats stats = (*engine)->stats();
    state.counters["commits/s"] = benchmark::Counter(count, benchmark::Counter::kIsRate);
    state.counters["syncs/commit"] = static_cast<double>(stats.syncs) / count;
    state.counters["failures"] = work.failures;
    const auto after = written();
    const auto bytes = static_cast<double>(stats.bytes_appended);
    state.counters["wchar/byte"] = static_cast<double>(after.calls - before.calls) / bytes;
    state.counters["disk/byte"] = static_cast<double>(after.disk - before.disk) / bytes;
  }
  std::filesystem::remove_all(directory);
}

BENCHMARK(durable_commits)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->ArgNames({"sessions", "accounts", "body", "thousands"})
    ->Args({1, 100, 4096, 2})
    ->Args({10, 100, 4096, 20})
    ->Args({50, 100, 4096, 40})
    ->Args({200, 100, 4096, 40})
    ->Args({50, 1, 4096, 40})
    ->Args({50, 100, 65536, 5})
    ->Args({50, 100, 4096, 200});

}  // namespace
}  // namespace postern::kv
