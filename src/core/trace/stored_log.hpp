#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "trace/event_codec.hpp"
#include "trace/trace.hpp"

namespace postern::trace {

/// The Log over an engine.
class StoredLog final : public Log {
 public:
  StoredLog(kv::Engine& engine, Core& core) : engine_{engine}, core_{core} {}

  [[nodiscard]] TraceId new_id() override;
  void add(kv::Batch& batch, const Event& event,
           const std::vector<std::string>& addresses) const override;
  void note(Event event) override;
  Task<Result<void>> flush() override;
  Task<Result<std::vector<Event>>> events(TraceId id) override;
  Task<Result<std::vector<TraceId>>> find(std::string address, std::size_t limit) override;
  Task<Result<void>> expire(Duration keep) override;

  /// What `note` keeps at most between two flushes; beyond it the newest are counted, not kept.
  static constexpr std::size_t kMaxNoted = std::size_t{4} << 20U;
  /// How far back a look-up goes.
  static constexpr Day kDays = 90;

 private:
  Task<> show_noted();
  [[nodiscard]] Day newest_day() const;

  kv::Engine& engine_;
  Core& core_;
  mutable std::atomic<std::uint16_t> sequence_ = 0;
  std::mutex mutex_;  ///< Guards what follows; never held over an await.
  kv::Batch noted_;
  std::uint64_t not_kept_ = 0;
};

}  // namespace postern::trace
