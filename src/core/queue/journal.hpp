#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "async/core.hpp"
#include "async/event.hpp"
#include "kv/batch.hpp"
#include "kv/engine.hpp"
#include "vocab/result.hpp"

namespace postern::queue {

/// Writes the queue's changes in the order in which they were made, many to a batch, and has them
/// synced a few times a second: nobody waits for the disk before the next attempt, and after a
/// crash the worst is that something is sent twice. When the engine fails, whatever was not synced
/// is kept and written again once it is back. Used on one core.
class Journal {
 public:
  /// How long a change may wait for its sync.
  static constexpr Duration kSyncEvery = std::chrono::milliseconds{200};
  /// How often a failed engine is looked at.
  static constexpr Duration kLookAgain = std::chrono::seconds{1};

  /// `reopened` is called after the engine was away and everything has been written again.
  Journal(kv::Engine& engine, Core& core, std::function<void()> reopened)
      : engine_{engine}, core_{core}, reopened_{std::move(reopened)} {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Orders `batch` behind all before it.
  void write(kv::Batch batch);
  /// Writes what comes until `stop` was called and all is durable (or cannot be).
  Task<> run_writer();
  Task<> run_syncer();
  void stop();

  /// Returns when all that was written so far can be read from the tip. Failure: `unavailable`.
  Task<Result<void>> appended();
  /// Returns when it is on disk. Failure: `unavailable`; it will be tried again.
  Task<Result<void>> durable();
  /// Exceptions it went on from, by writing again: bugs, or no memory.
  [[nodiscard]] std::uint64_t bugs() const { return bugs_; }
  /// The engine takes changes.
  [[nodiscard]] bool healthy() const {
    return !broken_ && engine_.health() != kv::Health::read_only;
  }

 private:
  Task<> write_some();
  Task<> append_pending();
  Task<> recover();
  Task<> sync_some();
  Task<bool> write_again();

  kv::Engine& engine_;
  Core& core_;
  std::function<void()> reopened_;
  kv::Batch pending_;
  std::deque<kv::Batch> unsynced_;
  kv::Ticket ticket_;
  std::uint64_t written_ = 0;   ///< Counts of `write` calls: made,
  std::uint64_t taken_ = 0;     ///< ...taken from `pending_`,
  std::uint64_t appended_ = 0;  ///< ...in the engine,
  std::uint64_t durable_ = 0;   ///< ...and on disk.
  std::atomic<std::uint64_t> bugs_ = 0;
  std::uint64_t recoveries_ = 0;
  bool broken_ = false;
  bool stopping_ = false;
  bool writer_ended_ = false;
  bool urgent_ = false;
  Event work_;
  Event hurry_;
  Event changed_;
};

}  // namespace postern::queue
