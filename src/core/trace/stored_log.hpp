#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "trace/event_codec.hpp"
#include "trace/refusals.hpp"
#include "trace/trace.hpp"

namespace postern::trace {

/// Octets of each day, the newest first.
using Volumes = std::map<Day, std::uint64_t, std::greater<>>;

/// The Log over an engine.
class StoredLog final : public Log {
 public:
  StoredLog(kv::Engine& engine, Core& core)
      : engine_{engine}, core_{core}, run_{core.random.u64()} {}

  [[nodiscard]] TraceId new_id() override;
  void add(kv::Batch& batch, const Event& event,
           const std::vector<std::string>& addresses) const override;
  using Log::note;
  void note(Event event, const std::vector<std::string>& addresses) override;
  Task<Result<void>> flush() override;
  Task<Result<std::vector<Event>>> events(TraceId id) override;
  Task<Result<std::vector<TraceId>>> find(std::string address, std::size_t limit) override;
  Task<Result<void>> expire(Duration keep, std::uint64_t max_bytes) override;
  [[nodiscard]] Stats stats() const override { return {.not_kept = over_limit_}; }

  /// What `note` keeps at most between two flushes; beyond it the newest are counted, not kept.
  static constexpr std::size_t kMaxNoted = std::size_t{4} << 20U;

 private:
  Task<> show_noted();
  [[nodiscard]] Day newest_day() const;
  static Task<Result<Day>> oldest_day(const kv::Reader& reader, Day newest);
  /// What is given up later when the day fills.
  enum class Worth : std::uint8_t { refusal, noted, committed };
  static Worth worth_of(Kind kind) { return kind == Kind::refused ? Worth::refusal : Worth::noted; }
  [[nodiscard]] bool has_room(Day day, Worth worth) const;
  void put(kv::Batch& batch, const Event& event, const std::vector<std::string>& addresses) const;
  void count(Day day, std::size_t octets) const;
  void add_counts(kv::Batch& batch, std::uint64_t lost,
                  const std::vector<Refusals::Count>& refusals) const;
  void add_volumes(kv::Batch& batch);
  Task<Result<Volumes>> volumes_of_others();
  Volumes bound_today(std::uint64_t max_bytes, Volumes others);

  kv::Engine& engine_;
  Core& core_;
  const std::uint64_t run_;
  mutable std::atomic<std::uint16_t> sequence_ = 0;
  mutable std::mutex mutex_;  ///< Guards what follows; never held over an await.
  kv::Batch noted_;
  std::uint64_t not_kept_ = 0;
  Refusals refusals_;
  struct Volume {
    std::uint64_t octets = 0;
    std::uint64_t stored = 0;  ///< What the record says that was put last.
  };
  mutable std::map<Day, Volume> volumes_;  ///< Of this process.
  std::uint64_t max_bytes_ = 0;            ///< Of a day; 0: any number.
  Day bounded_ = 0;                        ///< The day of which earlier processes wrote...
  std::uint64_t of_others_ = 0;            ///< ...so much.
  mutable std::atomic<std::uint64_t> over_limit_ = 0;
};

}  // namespace postern::trace
