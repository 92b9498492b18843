#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::kv {

/// Changes that become visible and durable together or not at all. Later operations win over
/// earlier ones on the same key. Values are moved in; keys are bytes, ordered as unsigned.
class Batch {
 public:
  enum class Kind : std::uint8_t { put, erase, erase_range };
  struct Op {
    Kind kind;
    std::string key;    ///< The begin of an erase_range.
    std::string value;  ///< The end (exclusive) of an erase_range.
  };

  void put(std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    ops_.push_back({Kind::put, std::move(key), std::move(value)});
  }
  void erase(std::string key) {
    bytes_ += key.size();
    ops_.push_back({Kind::erase, std::move(key), {}});
  }
  /// Every key in [begin, end); nothing when begin >= end. Dear to later reads of the range till
  /// it is compacted: for whole accounts and days, not for a few keys.
  void erase_range(std::string begin, std::string end) {
    bytes_ += begin.size() + end.size();
    ops_.push_back({Kind::erase_range, std::move(begin), std::move(end)});
  }
  /// Everything of `other` after everything of this.
  void append(Batch other) {
    bytes_ += other.bytes_;
    for (auto& op : other.ops_) ops_.push_back(std::move(op));
    if (other.generation_) generation_ = other.generation_;
  }

  /// Refuses the batch (`unavailable`) unless the engine is still in this generation: for batches
  /// computed from state that a reopening makes stale. Checked in the same step as the write.
  void require_generation(std::uint64_t generation) { generation_ = generation; }
  [[nodiscard]] std::optional<std::uint64_t> required_generation() const { return generation_; }

  [[nodiscard]] const std::vector<Op>& ops() const { return ops_; }
  [[nodiscard]] bool empty() const { return ops_.empty(); }
  /// Bytes of keys and values, for budgets.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::vector<Op> ops_;
  std::size_t bytes_ = 0;
  std::optional<std::uint64_t> generation_;
};

}  // namespace postern::kv
