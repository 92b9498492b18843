#pragma once

#include <boost/intrusive/list.hpp>

#include "async/park.hpp"
#include "async/task.hpp"
#include "async/timers.hpp"

namespace postern {

/// Something changed: a condition for coroutines of one core. It has no memory: who waits looks
/// first, and looks again when it returns. Must outlive its waiters.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Suspends till the next `notify_all`.
  Task<> wait();
  /// The same for at most `limit`; false when that passed first.
  Task<bool> wait_for(Timers& timers, Duration limit);
  void notify_all();

 private:
  struct Waiter final : boost::intrusive::list_base_hook<
                            boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                        Timers::Timer {
    Parked parked;
    bool expired = false;

   private:
    void fire() override;
  };
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace postern
