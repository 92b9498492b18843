#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "async/task.hpp"
#include "kv/engine.hpp"

namespace postern::kv {

/// Who waits for which ticket, and what became of every ticket so far. Shared by the engines.
/// Thread-safe. Waiters are woken by one post per core however many they are. The io_contexts of
/// those who wait outlive it, or end with their waiters while nobody calls it.
class Waiters {
 public:
  Waiters() : state_{std::make_shared<State>()} {}
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  /// Returns on the caller's core once `ticket` is published (or `outcome_unknown`).
  Task<Result<void>> wait(Ticket ticket);

  [[nodiscard]] Ticket published() const {
    return Ticket{state_->published.load(std::memory_order_acquire)};
  }
  /// How many wait now.
  [[nodiscard]] std::size_t waiting() const;
  /// What became of `ticket`, if that is settled: true durable, false lost.
  [[nodiscard]] std::optional<bool> outcome(Ticket ticket) const;

  /// Everything up to `ticket` is durable and shown, except what was lost before.
  void publish(Ticket ticket);
  /// Nobody will ever know about the tickets after the published one up to `newest`.
  void lose(Ticket newest);
  /// Forgets all waiters: they stay suspended, as in a process that died.
  void drop();

 private:
  struct Waiter;
  class Enlisted;
  using Ready = std::vector<std::shared_ptr<Waiter>>;
  struct Group {
    Executor executor;
    Ready waiters;
  };
  struct Lost {
    Ticket after;
    Ticket upto;
  };
  /// Outlived by no waiting frame.
  struct State {
    mutable std::mutex mutex;
    std::list<Group> groups;
    std::vector<Lost> lost;  ///< One per failure, ascending, apart.
    std::atomic<std::uint64_t> published = 0;

    [[nodiscard]] std::optional<bool> settled(Ticket ticket) const;
    void add(const Executor& executor, std::shared_ptr<Waiter> waiter);
    void remove(const Waiter& waiter);
  };

  void wake_settled();

  std::shared_ptr<State> state_;
};

}  // namespace postern::kv
