#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/core.hpp"
#include "async/on_core.hpp"
#include "async/task_group.hpp"

namespace postern {

/// A core whose time stands still unless told otherwise and whose chance is a seed: for tests and
/// the simulator. Nothing runs except within `poll`, `advance` and `run`, on the caller's thread.
/// An exception of a child of `group` leaves the call that ran it.
class ManualCore {
 public:
  explicit ManualCore(std::uint64_t seed = 1,
                      Timestamp start = Timestamp{std::chrono::seconds{1'700'000'000}})
      : clock_{start},
        timers_{clock_},
        random_{seed},
        core_{io_.get_executor(), clock_, timers_, random_},
        group_{io_.get_executor(), [](std::exception_ptr bug) { std::rethrow_exception(bug); }} {}

  [[nodiscard]] Core& core() { return core_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }
  [[nodiscard]] TaskGroup& group() { return group_; }

  /// Runs all that can run without time passing.
  void poll();
  /// Lets `length` pass, stopping at each deadline on the way.
  void advance(Duration length);
  /// Runs `task` till all has been done that can be without time passing; nothing if it still waits
  /// then (it goes on within later calls, and what it returns is lost).
  template <class T>
  std::optional<T> try_run(Task<T> task) {
    const auto out = std::make_shared<std::optional<T>>();
    group_.spawn(keep(out, std::move(task)));
    poll();
    return std::move(*out);
  }
  /// The same for a task that must not wait.
  template <class T>
  T run(Task<T> task) {
    auto out = try_run(std::move(task));
    if (!out) std::abort();
    return *std::move(out);
  }

 private:
  template <class T>
  static Task<> keep(std::shared_ptr<std::optional<T>> out, Task<T> task) {
    *out = co_await std::move(task);
  }

  asio::io_context io_{1};
  ManualClock clock_;
  Timers timers_;
  SeededRandom random_;
  Core core_;
  TaskGroup group_;
};

}  // namespace postern
