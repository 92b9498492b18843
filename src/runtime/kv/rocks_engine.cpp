#include "kv/rocks_engine.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include "kv/rocks_store.hpp"
#include "vocab/try.hpp"

namespace postern::kv {

namespace {

/// How long a batch waits for RocksDB to catch up before it is refused.
constexpr std::chrono::seconds kStallLimit{30};
constexpr std::chrono::milliseconds kRoomyFor{50};

rocksdb::WriteBatch to_rocks(const Batch& batch) {
  rocksdb::WriteBatch rows{batch.bytes() + batch.ops().size() * 16 + 16};
  for (const auto& op : batch.ops()) {
    switch (op.kind) {
      case Batch::Kind::put:   (void)rows.Put(op.key, op.value); break;
      case Batch::Kind::erase: (void)rows.Delete(op.key); break;
      case Batch::Kind::erase_range:
        if (op.key < op.value) (void)rows.DeleteRange(op.key, op.value);
        break;
    }
  }
  return rows;
}

Task<> pause(std::chrono::milliseconds time) {
  const Executor here = co_await this_executor();
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer{here, time};
  co_await timer.async_wait(use_task);
}

}  // namespace

Result<void> RocksStore::admit(const Database& database, const Batch& batch,
                               Purpose purpose) const {
  if (failed_) return fail(Errc::unavailable, "the store is read-only after a failure");
  const std::uint64_t generation = database.generation();
  if (batch.required_generation().value_or(generation) != generation)
    return fail(Errc::unavailable, "computed before the store was reopened");
  if (purpose == Purpose::adds_mail && low_space(batch.bytes()))
    return fail(Errc::store_full, "less than storage.reserve is free");
  return {};
}

Result<std::uint64_t> RocksStore::free_bytes() const {
  if (options_.free_bytes) return options_.free_bytes();
  struct statvfs disk{};
  if (::statvfs(options_.directory.c_str(), &disk) != 0)
    return fail(Errc::io_failed, std::generic_category().message(errno));
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

bool RocksStore::low_space(std::uint64_t wanted) const {
  // With twice the reserve free no disk fills within a moment: every delivery asks.
  const auto now = clock_.instant();
  if (wanted < options_.reserve && now < roomy_until_.load(std::memory_order_relaxed)) return false;
  const auto free = free_bytes();
  if (free && *free / 2 > options_.reserve && !options_.free_bytes)
    roomy_until_.store(now + kRoomyFor, std::memory_order_relaxed);
  return free && *free < options_.reserve + wanted;
}

Task<Result<Ticket>> RocksStore::append(Batch batch, Purpose purpose) {
  const std::shared_ptr<Database> database = shown().database;
  POSTERN_CO_CHECK(admit(*database, batch, purpose));
  rocksdb::WriteBatch rows = to_rocks(batch);
  const std::size_t bytes = std::exchange(batch, {}).bytes();
  std::chrono::milliseconds waited{0};
  for (std::chrono::milliseconds step{1};;
       step = std::min(step * 2, std::chrono::milliseconds{20})) {
    auto written = database->write(rows);
    if (written) {
      ++appends_;
      bytes_ += bytes;
      co_return database->ticket(*written);
    }
    const Errc code = written.error().code;
    if (code == Errc::io_failed || code == Errc::corrupt)
      failed(database->generation(), written.error());
    if (code != Errc::limit_reached) co_return std::unexpected(std::move(written).error());
    if (waited > kStallLimit || failed_)
      co_return fail(Errc::unavailable, "the store does not keep up");
    co_await pause(step);
    waited += step;
  }
}

/// Asks for a sync only after whatever else this core has ready has had its turn: that will append
/// too, and goes into the same sync. An idle core has nothing ready and asks at once. (50 sessions:
/// 0.13 syncs a message, 0.26 without.)
Task<Result<void>> RocksStore::durable(Ticket ticket) {
  const Executor here = co_await this_executor();
  if (!waiters_.outcome(ticket)) co_await asio::post(here, use_task);
  if (!waiters_.outcome(ticket)) want(ticket);
  co_return co_await waiters_.wait(ticket);
}

RocksStore::Shown RocksStore::shown() const {
  const std::scoped_lock lock{shown_mutex_};
  return shown_;
}

std::shared_ptr<const Reader> RocksStore::published() const {
  const std::scoped_lock lock{shown_mutex_};
  return shown_.published;
}

std::shared_ptr<const Reader> RocksStore::tip() const {
  const Shown now = shown();
  const auto newest = now.database->newest_sequence();
  return make_reader(now.database, nullptr, now.database->ticket(newest.value_or(now.sequence)),
                     pool_);
}

Health RocksStore::health() const {
  if (failed_) return Health::read_only;
  return low_space(0) ? Health::low_space : Health::good;
}

std::uint64_t RocksStore::generation() const {
  return generation_;
}

Engine::Stats RocksStore::stats() const {
  return {appends_, syncs_, bytes_, generation_};
}

Result<std::unique_ptr<Engine>> open_rocks(RocksOptions options, Pool& pool, log::Logger log) {
  POSTERN_TRY(auto lock, DirectoryLock::take(options.directory, DirectoryLock::Mode::owner));
  auto store =
      std::make_unique<RocksStore>(std::move(options), std::move(lock), pool, std::move(log));
  POSTERN_CHECK(store->start());
  return store;
}

Result<std::shared_ptr<const Reader>> open_rocks_read_only(RocksOptions options, Pool& pool) {
  struct Look {
    DirectoryLock lock;
    std::shared_ptr<const Reader> reader;
  };
  POSTERN_TRY(auto lock, DirectoryLock::take(options.directory, DirectoryLock::Mode::looker));
  POSTERN_TRY(auto database, Database::open(options, Database::Mode::read_only, 0, {}));
  POSTERN_TRY(auto snapshot, database->snapshot());
  auto look = std::make_shared<Look>(
      std::move(lock), make_reader(database, snapshot, Ticket{snapshot->sequence()}, pool));
  const Reader* reader = look->reader.get();
  return std::shared_ptr<const Reader>{std::move(look), reader};
}

}  // namespace postern::kv
