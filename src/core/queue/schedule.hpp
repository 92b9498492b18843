#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "vocab/ids.hpp"
#include "vocab/time.hpp"

namespace postern::queue {

/// When each message is due, in memory: what the due index holds, by time and by id.
class Schedule {
 public:
  /// Adds or moves.
  void put(QueueId id, Timestamp due) {
    erase(id);
    due_.emplace(id, due);
    order_.emplace(due, id);
  }
  void erase(QueueId id) {
    const auto found = due_.find(id);
    if (found == due_.end()) return;
    order_.erase({found->second, id});
    due_.erase(found);
  }
  [[nodiscard]] bool contains(QueueId id) const { return due_.contains(id); }
  /// Takes the earliest that is due at `now`.
  std::optional<QueueId> take(Timestamp now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const auto id = order_.begin()->second;
    erase(id);
    return id;
  }
  [[nodiscard]] std::optional<Timestamp> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }
  [[nodiscard]] std::size_t size() const { return due_.size(); }

 private:
  std::set<std::pair<Timestamp, QueueId>> order_;
  std::unordered_map<QueueId, Timestamp> due_;
};

}  // namespace postern::queue
