#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <rocksdb/db.h>

#include "kv/engine.hpp"
#include "kv/rocks_engine.hpp"

// Inside of the engine on disk: an open RocksDB that can be closed while others hold it.
namespace postern::kv {

/// `corrupt` or `io_failed` with RocksDB's words.
[[nodiscard]] Error error_of(const rocksdb::Status& status);

/// RocksDB's options for ours (rocks_options.cpp says why each).
[[nodiscard]] rocksdb::Options tuned(const RocksOptions& options, rocksdb::Env& env);

/// The file system under the engine: the machine's, or that behind `faults`.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<FaultFs>& faults);

/// One RocksDB from open to close: a generation. Thread-safe. Calls are short or on the pool; one
/// that comes after `close` fails with `unavailable`.
class Database : public std::enable_shared_from_this<Database> {
 public:
  enum class Mode : std::uint8_t { read_write, read_only };
  /// Where a read may look: in memory only, or on the disk too, which blocks.
  enum class Tier : std::uint8_t { memory, disk };

  /// Keeps a state readable. After `close` it is an empty husk.
  class Snapshot {
   public:
    Snapshot(std::shared_ptr<Database> database, const rocksdb::Snapshot* snapshot)
        : database_{std::move(database)},
          snapshot_{snapshot},
          sequence_{snapshot->GetSequenceNumber()} {}
    ~Snapshot() { database_->release(snapshot_); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    /// The last row that the state shows.
    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
    [[nodiscard]] const rocksdb::Snapshot* raw() const { return snapshot_; }

   private:
    std::shared_ptr<Database> database_;
    const rocksdb::Snapshot* snapshot_;
    std::uint64_t sequence_;
  };

  /// Called on any thread, with no lock held, when RocksDB failed at work nobody waits for.
  using Broken = std::function<void()>;

  static Result<std::shared_ptr<Database>> open(const RocksOptions& options, Mode mode,
                                                std::uint64_t generation, Broken broken);
  Database(std::unique_ptr<rocksdb::Env> env, std::uint64_t generation)
      : env_{std::move(env)}, generation_{generation} {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] bool broken() const { return broken_; }
  /// Tickets are sequence numbers below the generation.
  [[nodiscard]] Ticket ticket(std::uint64_t sequence) const {
    return Ticket{(generation_ << 48U) | sequence};
  }

  /// Writes without a sync: the sequence number of the batch's last row. `limit_reached`: tables
  /// must be written first; try again.
  Result<std::uint64_t> write(rocksdb::WriteBatch& batch);
  /// Everything written before the call is on disk when it returns.
  Result<void> sync();
  Result<std::shared_ptr<Snapshot>> snapshot();
  Result<std::uint64_t> newest_sequence();

  /// Looks up `keys[wanted...]` into `values`; returns the indexes that need the disk. `at` null:
  /// the tip.
  Result<std::vector<std::size_t>> get(std::span<const std::string> keys,
                                       std::span<const std::size_t> wanted, const Snapshot* at,
                                       Tier tier, std::span<std::optional<std::string>> values);
  /// Adds to `page` what comes after its last pair. False: the rest needs the disk.
  Result<bool> scan(const Range& range, const Snapshot* at, Tier tier, Page& page);

  /// Waits for running calls, gives back every snapshot, closes.
  void close();

 private:
  class Listener;
  template <class F>
  auto with(F&& work) -> decltype(work(std::declval<rocksdb::DB&>()));
  void release(const rocksdb::Snapshot* snapshot);

  std::unique_ptr<rocksdb::Env> env_;
  std::shared_mutex gate_;  ///< Shared by calls, exclusive for close.
  std::atomic<bool> closing_ = false;
  std::atomic<bool> broken_ = false;
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t generation_;
  std::mutex snapshots_mutex_;
  std::unordered_set<const rocksdb::Snapshot*> snapshots_;
};

/// A frozen state of a database, or with no snapshot its tip.
/// `ticket` is what it says of itself.
[[nodiscard]] std::shared_ptr<const Reader> make_reader(
    std::shared_ptr<Database> database, std::shared_ptr<const Database::Snapshot> snapshot,
    Ticket ticket, Pool& pool);

}  // namespace postern::kv
