#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace postern::store {

/// Octets of message bodies that this process holds at one time, over all cores. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t octets)
      : few_{static_cast<std::int64_t>(octets / 4)}, left_{static_cast<std::int64_t>(octets)} {}

  /// Takes `octets` if there are so many; a single taker larger than the whole budget never gets
  /// them.
  [[nodiscard]] bool take(std::uint64_t octets) {
    const auto wanted = static_cast<std::int64_t>(octets);
    if (left_.fetch_sub(wanted) >= wanted) return true;
    left_.fetch_add(wanted);
    return false;
  }
  /// Less than a quarter is left.
  [[nodiscard]] bool scarce() const { return left_.load() < few_; }
  void give_back(std::uint64_t octets) { left_.fetch_add(static_cast<std::int64_t>(octets)); }
  /// Whoever finds too little does not wait for more: the end is near. For good.
  void end_waits() { ended_ = true; }
  [[nodiscard]] bool waits_ended() const { return ended_; }

 private:
  const std::int64_t few_;
  std::atomic<std::int64_t> left_;
  std::atomic<bool> ended_ = false;
};

/// What one message holds of a budget; gives it back at its end.
class Reservation {
 public:
  explicit Reservation(std::shared_ptr<MemoryBudget> budget) : budget_{std::move(budget)} {}
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() { budget_->give_back(held_); }

  [[nodiscard]] bool grow(std::uint64_t octets) {
    if (!budget_->take(octets)) return false;
    held_ += octets;
    return true;
  }
  [[nodiscard]] bool scarce() const { return budget_->scarce(); }
  [[nodiscard]] bool may_wait() const { return !budget_->waits_ended(); }
  void shrink_to(std::uint64_t octets) {
    if (octets >= held_) return;
    budget_->give_back(held_ - octets);
    held_ = octets;
  }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  std::uint64_t held_ = 0;
};

}  // namespace postern::store
