#include <algorithm>
#include <string>
#include <utility>

#include <rocksdb/env.h>

#include "kv/rocks_store.hpp"
#include "vocab/try.hpp"

// The syncer: take a snapshot, sync the log, publish the snapshot, wake who waits for it. What is
// appended meanwhile goes with the next turn: that is the group commit.
namespace postern::kv {

namespace {

/// The last ticket a generation can have.
Ticket last_of(std::uint64_t generation) {
  return Ticket{((generation + 1) << 48U) - 1};
}

/// Reopening needs room for the tables that recovery writes.
constexpr std::uint64_t kReopenBytes = std::uint64_t{64} << 20U;

constexpr std::size_t kCrowd = 3;
constexpr std::chrono::milliseconds kMaxGather{1};

}  // namespace

RocksStore::RocksStore(RocksOptions options, DirectoryLock lock, Pool& pool, log::Logger log)
    : options_{std::move(options)}, lock_{std::move(lock)}, pool_{pool}, log_{std::move(log)} {}

Result<void> RocksStore::start() {
  POSTERN_CHECK(open_generation(0));
  syncer_ = std::thread{[this] { run(); }};
  return {};
}

RocksStore::~RocksStore() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (syncer_.joinable()) syncer_.join();
  if (const auto database = shown().database) database->close();
}

void RocksStore::want(Ticket ticket) {
  bool wake = false;
  {
    const std::scoped_lock lock{mutex_};
    wanted_ = std::max(wanted_, ticket);
    wake = sleeping_;
  }
  if (wake) wake_.notify_one();
}

void RocksStore::failed(std::uint64_t generation, const Error& why) {
  {
    const std::scoped_lock lock{mutex_};
    if (generation != generation_ || failed_.exchange(true)) return;
  }
  wake_.notify_one();
  log_.error("the store failed and is read-only",
             {{"error", why.code}, {"detail", log::Detail{why.detail}}});
}

RocksStore::Turn RocksStore::next_turn() {
  std::unique_lock lock{mutex_};
  sleeping_ = true;
  const bool called = wake_.wait_for(lock, options_.idle_sync, [this] {
    return stopping_ || failed_ || wanted_ > waiters_.published();
  });
  sleeping_ = false;
  if (stopping_) return Turn::stop;
  if (failed_) return Turn::recover;
  return called ? Turn::sync : Turn::idle;
}

void RocksStore::run() {
  for (bool running = true; running;) {
    switch (next_turn()) {
      case Turn::stop:    running = false; break;
      case Turn::recover: recover(); break;
      case Turn::sync:
        gather();
        sync_once();
        break;
      case Turn::idle: idle(); break;
    }
  }
  if (!failed_) sync_once();
  waiters_.lose(last_of(generation_));
}

/// Where several wait, as many again are about to: a pause no longer than the last sync took lets
/// them into this one. Who is alone never waits.
void RocksStore::gather() {
  if (waiters_.waiting() < kCrowd) return;
  std::unique_lock lock{mutex_};
  wake_.wait_for(lock, std::min<Duration>(last_sync_, kMaxGather),
                 [this] { return stopping_ || failed_; });
}

/// What nobody waits for is synced now and then too.
void RocksStore::idle() {
  const Shown now = shown();
  const auto newest = now.database->newest_sequence();
  if (newest && *newest > now.sequence) sync_once();
}

void RocksStore::sync_once() {
  const std::shared_ptr<Database> database = shown().database;
  const std::uint64_t generation = database->generation();
  auto snapshot = database->snapshot();
  if (!snapshot) return failed(generation, snapshot.error());
  const auto start = clock_.instant();
  const auto synced = database->sync();
  last_sync_ = clock_.instant() - start;
  ++syncs_;
  if (!synced) return failed(generation, synced.error());
  const std::uint64_t sequence = (*snapshot)->sequence();
  auto reader = make_reader(database, *std::move(snapshot), database->ticket(sequence), pool_);
  {
    const std::scoped_lock lock{shown_mutex_};
    shown_.published.swap(reader);  // the old one goes when the lock is open again
    shown_.sequence = sequence;
  }
  waiters_.publish(database->ticket(sequence));
}

Result<void> RocksStore::open_generation(std::uint64_t generation) {
  const auto broken = [this, generation] {
    failed(generation, {Errc::io_failed, "a table could not be written"});
  };
  POSTERN_TRY(auto database,
              Database::open(options_, Database::Mode::read_write, generation, broken));
  POSTERN_TRY(auto snapshot, database->snapshot());
  const std::uint64_t sequence = snapshot->sequence();
  const Ticket ticket = database->ticket(sequence);
  Shown now{database, make_reader(database, std::move(snapshot), ticket, pool_), sequence};
  {
    const std::scoped_lock lock{shown_mutex_};
    std::swap(shown_, now);
  }
  {
    const std::scoped_lock lock{mutex_};
    generation_ = generation;
    wanted_ = Ticket{0};
    failed_ = database->broken();
  }
  waiters_.publish(database->ticket(sequence));
  return {};
}

bool RocksStore::pause_for_retry() {
  std::unique_lock lock{mutex_};
  return !wake_.wait_for(lock, options_.retry, [this] { return stopping_; });
}

Result<void> RocksStore::disk_works() const {
  if (const auto free = free_bytes(); free && *free < std::min(options_.reserve, kReopenBytes))
    return fail(Errc::store_full, "no room to reopen the store");
  const auto env = make_env(options_.faults);
  const std::string path = options_.directory / "scratch";
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env->NewWritableFile(path, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(std::string(std::size_t{64} << 10U, 'x'));
  if (status.ok()) status = file->Sync();
  if (!status.ok()) return std::unexpected(error_of(status));
  (void)env->DeleteFile(path);
  return {};
}

void RocksStore::recover() {
  const std::shared_ptr<Database> broken = shown().database;
  waiters_.lose(last_of(broken->generation()));
  while (pause_for_retry()) {
    if (const auto works = disk_works(); !works) {
      log_.warn("the disk does not work yet", {{"detail", log::Detail{works.error().detail}}});
      continue;
    }
    broken->close();  // readers of this generation end here
    const auto opened = open_generation(broken->generation() + 1);
    if (opened) {
      log_.info("the store works again", {{"generation", generation_.load()}});
      return;
    }
    log_.error("the store cannot be reopened", {{"detail", log::Detail{opened.error().detail}}});
  }
}

}  // namespace postern::kv
