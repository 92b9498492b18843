#include "async/core_loop.hpp"

#include <algorithm>

#include "async/pool.hpp"

namespace postern {

CoreLoop::CoreLoop(const Clock& clock, Random& random)
    : timers_{clock}, core_{io_.get_executor(), clock, timers_, random} {
  timers_.on_earlier([this] { watch(); });
}

CoreLoop::~CoreLoop() {
  stop();
  join();
}

void CoreLoop::run() {
  io_.run();
}

void CoreLoop::start(const std::string& name) {
  thread_ = std::thread{[this, name] {
    name_this_thread(name);
    run();
  }};
}

void CoreLoop::stop() {
  io_.stop();
}

void CoreLoop::join() {
  if (thread_.joinable()) thread_.join();
}

/// Sets the alarm for the earliest deadline unless it goes off before that anyway.
void CoreLoop::watch() {
  const auto next = timers_.next();
  if (!next || (alarm_at_ && *alarm_at_ <= *next)) return;
  const Instant soonest = core_.clock.instant() + kTick;
  const Instant when = std::max(*next, soonest);
  if (alarm_at_ && *alarm_at_ <= when) return;
  alarm_at_ = when;
  alarm_.expires_at(when);
  alarm_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // set anew
    alarm_at_.reset();
    timers_.run_due(core_.clock.instant());
    watch();
  });
}

}  // namespace postern
