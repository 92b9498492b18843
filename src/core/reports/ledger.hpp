#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "kv/engine.hpp"
#include "reports/seen_codec.hpp"

namespace postern::reports {

inline constexpr Day kSeenDays = 10;       ///< What was seen or told is kept so long at most.
inline constexpr Day kReceivedDays = 400;  ///< Reports of others, from the end of their period on.
/// And of each topic no more than the newest that fit into so many octets.
inline constexpr std::size_t kReceivedBytes = std::size_t{512} << 20U;

/// What the store has of one domain and day.
struct Account {
  std::optional<Done> done;
  std::vector<Chunk> chunks;      ///< Those that decode.
  std::vector<std::string> keys;  ///< Of all.
};

/// The store's side of sending: what is to be told, and that it was told.
class Ledger {
 public:
  /// Both outlive it.
  Ledger(kv::Engine& engine, const Clock& clock, std::size_t received_bytes = kReceivedBytes)
      : engine_{engine}, clock_{clock}, received_bytes_{received_bytes} {}

  /// Domains of which something was seen on `day` and is not told yet.
  Task<Result<std::vector<Subject>>> open_subjects(Day day);
  Task<Result<Account>> read(Subject subject);
  /// Takes `keys` away and writes down `done`; returns when that is on disk. Only then may a report
  /// leave: so a crash can lose one, but never send it twice. Errors: those of Engine.
  Task<Result<void>> settle(Subject subject, Done done, std::vector<std::string> keys);
  /// Erases what is too old or too much, once a day.
  Task<> sweep();
  /// A sweep under way ends soon. For good.
  void stop() { stopping_ = true; }

 private:
  Task<> erase(std::string begin, std::string end);
  Task<> trim(Topic topic);

  kv::Engine& engine_;
  const Clock& clock_;
  const std::size_t received_bytes_;
  std::atomic<Day> swept_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace postern::reports
