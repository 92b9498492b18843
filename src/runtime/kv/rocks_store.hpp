#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "async/clock.hpp"
#include "kv/directory_lock.hpp"
#include "kv/rocks_database.hpp"
#include "kv/rocks_engine.hpp"
#include "kv/waiters.hpp"

namespace postern::kv {

/// The engine on disk. Cores write (append) and read by themselves; one thread, the syncer, syncs,
/// publishes, and after a failure reopens. Tickets are RocksDB's sequence numbers below the
/// generation: (generation << 48) | sequence of the batch's last row.
class RocksStore final : public Engine {
 public:
  RocksStore(RocksOptions options, DirectoryLock lock, Pool& pool, log::Logger log);
  ~RocksStore() override;
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  /// Opens the database and starts the syncer. Once, before anything else.
  Result<void> start();

  Task<Result<Ticket>> append(Batch batch, Purpose purpose) override;
  Task<Result<void>> durable(Ticket ticket) override;
  [[nodiscard]] Ticket published_ticket() const override { return waiters_.published(); }
  [[nodiscard]] std::shared_ptr<const Reader> published() const override;
  [[nodiscard]] std::shared_ptr<const Reader> tip() const override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::uint64_t generation() const override;
  [[nodiscard]] Stats stats() const override;

 private:
  /// What cores see; replaced by the syncer.
  struct Shown {
    std::shared_ptr<Database> database;
    std::shared_ptr<const Reader> published;
    std::uint64_t sequence = 0;  ///< The last published row.
  };
  enum class Turn : std::uint8_t { stop, recover, sync, idle };

  [[nodiscard]] Shown shown() const;
  Result<void> admit(const Database& database, const Batch& batch, Purpose purpose) const;
  [[nodiscard]] Result<std::uint64_t> free_bytes() const;
  [[nodiscard]] bool low_space(std::uint64_t wanted) const;
  void failed(std::uint64_t generation, const Error& why);
  void want(Ticket ticket);

  // On the syncer's thread.
  void run();
  Turn next_turn();
  void gather();
  void sync_once();
  void idle();
  void recover();
  bool pause_for_retry();
  [[nodiscard]] Result<void> disk_works() const;
  Result<void> open_generation(std::uint64_t generation);

  const RocksOptions options_;
  const SystemClock clock_;
  DirectoryLock lock_;
  Pool& pool_;
  log::Logger log_;
  Waiters waiters_;

  mutable std::mutex shown_mutex_;
  Shown shown_;

  mutable std::mutex mutex_;  ///< Guards what follows; nothing slow is done under it.
  std::condition_variable wake_;
  Ticket wanted_{0};
  bool stopping_ = false;
  bool sleeping_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<std::uint64_t> generation_ = 0;

  std::atomic<std::uint64_t> appends_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  mutable std::atomic<Instant> roomy_until_{};
  Duration last_sync_{};  ///< The syncer's own: how long it took.
  std::thread syncer_;
};

}  // namespace postern::kv
