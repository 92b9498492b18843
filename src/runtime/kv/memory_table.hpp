#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kv/batch.hpp"
#include "kv/engine.hpp"

namespace postern::kv {

/// What a disk holds when nobody runs: the state a memory engine starts from and leaves behind.
using MemoryDisk = std::map<std::string, std::string>;

/// Ordered keys with the versions that somebody may still read. A state is named by the ticket of
/// its last batch. Not thread-safe.
class MemoryTable {
 public:
  explicit MemoryTable(const MemoryDisk& disk);

  /// `ticket` is above all before.
  void apply(const Batch& batch, Ticket ticket);
  /// Takes back every batch after `ticket`.
  void roll_back(Ticket ticket);

  [[nodiscard]] std::optional<std::string> get(const std::string& key, Ticket at) const;
  [[nodiscard]] Page scan(const Range& range, Ticket at) const;
  [[nodiscard]] MemoryDisk dump(Ticket at) const;

  /// While pinned, the state at the ticket can be read.
  void pin(Ticket ticket) { pins_.insert(ticket); }
  void unpin(Ticket ticket) {
    if (const auto pin = pins_.find(ticket); pin != pins_.end()) pins_.erase(pin);
  }
  /// Forgets what neither a pinned state nor one from `published` on shows.
  void prune(Ticket published);

 private:
  struct Version {
    Ticket ticket;
    std::optional<std::string> value;  ///< Nothing: erased.
  };
  using Versions = std::vector<Version>;

  void write(const std::string& key, std::optional<std::string> value, Ticket ticket);
  void erase_range(const Batch::Op& op, Ticket ticket);
  static const std::string* value_at(const Versions& versions, Ticket at);

  std::map<std::string, Versions> keys_;
  std::deque<std::pair<Ticket, std::string>> touched_;  ///< In order: what prune looks at.
  std::multiset<Ticket> pins_;
};

}  // namespace postern::kv
