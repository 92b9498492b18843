#include "async/timers.hpp"

namespace postern {

void Timers::arm(Timer& timer, Instant when) {
  timer.disarm();
  timer.when_ = when;
  armed_.insert(timer);
  if (on_earlier_ && &*armed_.begin() == &timer) on_earlier_();
}

std::optional<Instant> Timers::next() const {
  if (armed_.empty()) return std::nullopt;
  return armed_.begin()->when();
}

void Timers::run_due(Instant now) {
  while (!armed_.empty() && armed_.begin()->when() <= now) {
    Timer& due = *armed_.begin();
    due.disarm();
    due.fire();
  }
}

}  // namespace postern
