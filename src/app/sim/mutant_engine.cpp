#include "sim/mutant_engine.hpp"

#include <utility>

namespace postern::sim {
namespace {

/// The sync that nobody waits for.
Task<> sync_in_background(kv::MemoryEngine& engine, kv::Ticket ticket) {
  (void)co_await engine.durable(ticket);
}

}  // namespace

MutantEngine::MutantEngine(Mutant fault, kv::MemoryEngine& engine, TaskGroup& group,
                           const kv::MemoryDisk& disk)
    : fault_{fault}, engine_{engine}, group_{group}, history_{disk} {}

Task<Result<kv::Ticket>> MutantEngine::append(kv::Batch batch, Purpose purpose) {
  const kv::Batch copy = fault_ == Mutant::forgets_synced ? batch : kv::Batch{};
  if (fault_ == Mutant::loses_batches && ++appended_ % 16 == 0) batch = {};
  auto ticket = co_await engine_.append(std::move(batch), purpose);
  if (ticket && fault_ == Mutant::forgets_synced) {
    history_.apply(copy, *ticket);
    history_tickets_.push_back(*ticket);
  }
  co_return ticket;
}

Task<Result<void>> MutantEngine::durable(kv::Ticket ticket) {
  if (fault_ != Mutant::acks_early && fault_ != Mutant::shows_unsynced)
    co_return co_await engine_.durable(ticket);
  group_.spawn(sync_in_background(engine_, ticket));
  co_return Result<void>{};
}

kv::Ticket MutantEngine::published_ticket() const {
  return fault_ == Mutant::shows_unsynced ? engine_.tip()->ticket() : engine_.published_ticket();
}

std::shared_ptr<const kv::Reader> MutantEngine::published() const {
  return fault_ == Mutant::shows_unsynced ? engine_.tip() : engine_.published();
}

kv::MemoryDisk MutantEngine::crash(std::uint64_t seed) {
  const kv::Ticket synced = engine_.published_ticket();
  auto disk = engine_.crash(seed);
  if (fault_ != Mutant::forgets_synced) return disk;
  kv::Ticket last{0};
  for (const auto ticket : history_tickets_)
    if (ticket < synced) last = ticket;
  return history_.dump(last);
}

}  // namespace postern::sim
