#pragma once

#include "async/clock.hpp"
#include "async/random.hpp"
#include "async/task.hpp"
#include "async/timers.hpp"

namespace postern {

/// What a coroutine may use of the core it runs on. Borrowed everywhere; outlives every coroutine.
struct Core {
  Executor executor;
  const Clock& clock;
  Timers& timers;
  Random& random;
};

}  // namespace postern
