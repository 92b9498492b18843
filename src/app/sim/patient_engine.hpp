#pragma once

#include <memory>
#include <string_view>

#include "async/pool.hpp"
#include "kv/rocks_engine.hpp"
#include "log/log.hpp"
#include "vocab/result.hpp"

namespace postern::sim {

/// The engine on disk, which syncs with a thread of its own, in a world whose time stands still
/// meanwhile: `durable` holds the whole world up till the disk has all that was appended, and only
/// then is more shown. So a script takes the same steps on it as on the engine in memory. At most
/// one thread uses it.
class PatientEngine final : public kv::Engine, private log::Sink {
 public:
  PatientEngine() : backend_{*this, {.level = log::Level::off}, [] { return Timestamp{}; }} {}

  /// Before all else; failures as kv::open_rocks. `pool` outlives it.
  Result<void> open(kv::RocksOptions options, Pool& pool);

  Task<Result<kv::Ticket>> append(kv::Batch batch, Purpose purpose) override;
  Task<Result<void>> durable(kv::Ticket ticket) override;
  [[nodiscard]] kv::Ticket published_ticket() const override { return shown_->ticket(); }
  [[nodiscard]] std::shared_ptr<const kv::Reader> published() const override { return shown_; }
  [[nodiscard]] std::shared_ptr<const kv::Reader> tip() const override;
  [[nodiscard]] kv::Health health() const override;
  [[nodiscard]] std::uint64_t generation() const override;
  [[nodiscard]] Stats stats() const override;

  /// Everything appended is synced and the engine below closes. Whoever still asks this one fails.
  void close();

 private:
  void write(log::Level /*level*/, std::string_view /*line*/) override {}

  log::Backend backend_;
  std::unique_ptr<kv::Engine> engine_;  ///< Nothing once it is closed.
  kv::Ticket appended_{0};
  std::shared_ptr<const kv::Reader> shown_;
};

}  // namespace postern::sim
