#pragma once

#include "async/core.hpp"
#include "async/park.hpp"
#include "async/task.hpp"

namespace postern {

/// Suspends the caller for `length` of the core's time.
Task<> sleep(Core& core, Duration length);

/// A sleep that can be ended early, for loops that must stop. Used on its core.
class Sleeper final : private Timers::Timer {
 public:
  explicit Sleeper(Core& core) : core_{core} {}

  /// True once `length` passed; false when `cancel` was called, before or meanwhile.
  [[nodiscard]] Task<bool> sleep(Duration length);
  /// Ends the sleep under way and every later one, for good.
  void cancel();

 private:
  void fire() override { parked_.resume(); }

  Core& core_;
  Parked parked_;
  bool cancelled_ = false;
};

}  // namespace postern
