#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "async/core.hpp"
#include "kv/engine.hpp"
#include "kv/memory_table.hpp"
#include "kv/waiters.hpp"

// An engine in memory for tests and the simulator, with the same rules as the one on disk: what is
// not synced is not shown and may be lost. A "sync" is a step in this process; `crash` gives what a
// disk would hold.
namespace postern::kv {

class MemoryEngine final : public Engine {
 public:
  enum class Sync : std::uint8_t {
    automatic,  ///< A waiter's sync runs as a posted step of its own executor.
    delayed,    ///< It ends `delay` later by the core's timers. Single core.
    manual,     ///< It runs when `sync` is called.
  };
  struct Options {
    Sync sync = Sync::automatic;
    Core* core = nullptr;           ///< For `delayed`; outlives the engine.
    Duration delay{1000};           ///< For `delayed`.
    std::optional<Duration> retry;  ///< For `delayed`: reopen by itself so long after a failure.
  };

  MemoryEngine() : MemoryEngine(Options{}) {}
  explicit MemoryEngine(Options options, const MemoryDisk& disk = {});
  ~MemoryEngine() override;

  Task<Result<Ticket>> append(Batch batch, Purpose purpose) override;
  Task<Result<void>> durable(Ticket ticket) override;
  [[nodiscard]] Ticket published_ticket() const override { return waiters_.published(); }
  [[nodiscard]] std::shared_ptr<const Reader> published() const override;
  [[nodiscard]] std::shared_ptr<const Reader> tip() const override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::uint64_t generation() const override;
  [[nodiscard]] Stats stats() const override;

  /// Syncs and publishes everything appended so far. False if a sync failed now or earlier.
  bool sync();

  void fail_next_append();  ///< It fails with `io_failed`; the engine is read-only then.
  void fail_next_sync();    ///< It publishes nothing; the engine is read-only then.
  void set_low_space(bool low);

  /// The end of the failure: the engine opens again on what a disk would hold (see `crash`).
  /// Readers of the generation before fail with `unavailable`.
  void reopen(std::optional<std::uint64_t> seed = std::nullopt);

  /// The process dies: waiters vanish, every later call fails. Returns what a disk would hold:
  /// the published state, or with a seed any state from there to the newest batch. Start another
  /// engine on it.
  MemoryDisk crash(std::optional<std::uint64_t> seed = std::nullopt);

 private:
  struct Shared;
  class View;
  class DelayedSync;
  class DelayedReopen;
  void fail_locked();
  void request_sync(const Executor& here);
  [[nodiscard]] Ticket cut(std::optional<std::uint64_t> seed) const;
  void publish_view(Ticket ticket);

  Options options_;
  std::shared_ptr<Shared> shared_;
  Waiters waiters_;
  std::unique_ptr<DelayedSync> delayed_sync_;
  std::unique_ptr<DelayedReopen> delayed_reopen_;
};

}  // namespace postern::kv
