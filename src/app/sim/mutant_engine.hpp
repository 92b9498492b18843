#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "async/task_group.hpp"
#include "kv/memory_engine.hpp"

namespace postern::sim {

/// What is wrong with an engine, on purpose: the simulator must notice each.
enum class Mutant : std::uint8_t {
  none,
  acks_early,      ///< `durable` returns at once.
  shows_unsynced,  ///< ... and readers see what is not on disk.
  loses_batches,   ///< Now and then a batch is taken and not written.
  forgets_synced,  ///< A crash takes the last synced batch with it.
};

/// A memory engine with a fault of the kind above.
class MutantEngine final : public kv::Engine {
 public:
  /// Both outlive it; `disk` is what `engine` started from.
  MutantEngine(Mutant fault, kv::MemoryEngine& engine, TaskGroup& group,
               const kv::MemoryDisk& disk);

  Task<Result<kv::Ticket>> append(kv::Batch batch, Purpose purpose) override;
  Task<Result<void>> durable(kv::Ticket ticket) override;
  [[nodiscard]] kv::Ticket published_ticket() const override;
  [[nodiscard]] std::shared_ptr<const kv::Reader> published() const override;
  [[nodiscard]] std::shared_ptr<const kv::Reader> tip() const override { return engine_.tip(); }
  [[nodiscard]] kv::Health health() const override { return engine_.health(); }
  [[nodiscard]] std::uint64_t generation() const override { return engine_.generation(); }
  [[nodiscard]] Stats stats() const override { return engine_.stats(); }

  /// As MemoryEngine::crash.
  kv::MemoryDisk crash(std::uint64_t seed);

 private:
  Mutant fault_;
  kv::MemoryEngine& engine_;
  TaskGroup& group_;
  kv::MemoryTable history_;  ///< Of `forgets_synced`.
  std::vector<kv::Ticket> history_tickets_;
  std::uint64_t appended_ = 0;
};

}  // namespace postern::sim
