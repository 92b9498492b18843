#include "sim/patient_engine.hpp"

#include <thread>
#include <utility>

#include "vocab/try.hpp"

namespace postern::sim {

Result<void> PatientEngine::open(kv::RocksOptions options, Pool& pool) {
  POSTERN_TRY(engine_, kv::open_rocks(std::move(options), pool, log::Logger{backend_}));
  shown_ = engine_->published();
  return {};
}

Task<Result<kv::Ticket>> PatientEngine::append(kv::Batch batch, Purpose purpose) {
  if (!engine_) co_return fail(Errc::unavailable, "closed");
  auto ticket = co_await engine_->append(std::move(batch), purpose);
  if (ticket) appended_ = *ticket;
  co_return ticket;
}

Task<Result<void>> PatientEngine::durable(kv::Ticket ticket) {
  if (!engine_) co_return fail(Errc::outcome_unknown, "closed");
  if (ticket > published_ticket()) {
    while (engine_->published_ticket() < appended_ && engine_->health() != kv::Health::read_only)
      std::this_thread::yield();
    shown_ = engine_->published();
  }
  co_return co_await engine_->durable(ticket);
}

std::shared_ptr<const kv::Reader> PatientEngine::tip() const {
  return engine_ ? engine_->tip() : shown_;
}

kv::Health PatientEngine::health() const {
  return engine_ ? engine_->health() : kv::Health::read_only;
}

std::uint64_t PatientEngine::generation() const {
  return engine_ ? engine_->generation() : 0;
}

kv::Engine::Stats PatientEngine::stats() const {
  return engine_ ? engine_->stats() : Stats{};
}

void PatientEngine::close() {
  engine_.reset();
}

}  // namespace postern::sim
