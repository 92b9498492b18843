#include "async/event.hpp"

namespace postern {

void Event::Waiter::fire() {
  expired = true;
  boost::intrusive::list_base_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>::unlink();
  parked.resume();
}

Task<> Event::wait() {
  Waiter waiter;
  waiters_.push_back(waiter);
  co_await waiter.parked.wait();
}

Task<bool> Event::wait_for(Timers& timers, Duration limit) {
  Waiter waiter;
  waiters_.push_back(waiter);
  timers.arm_after(waiter, limit);
  co_await waiter.parked.wait();
  co_return !waiter.expired;
}

void Event::notify_all() {
  while (!waiters_.empty()) {
    Waiter& waiter = waiters_.front();
    waiters_.pop_front();
    waiter.disarm();
    waiter.parked.resume();
  }
}

}  // namespace postern
