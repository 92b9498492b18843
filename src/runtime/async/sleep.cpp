#include "async/sleep.hpp"

namespace postern {

Task<bool> Sleeper::sleep(Duration length) {
  if (cancelled_) co_return false;
  core_.timers.arm_after(*this, length);
  co_await parked_.wait();
  co_return !cancelled_;
}

void Sleeper::cancel() {
  cancelled_ = true;
  disarm();
  parked_.resume();
}

Task<> sleep(Core& core, Duration length) {
  Sleeper sleeper{core};
  (void)co_await sleeper.sleep(length);
}

}  // namespace postern
