#include "async/manual_core.hpp"

namespace postern {

void ManualCore::poll() {
  io_.restart();
  io_.poll();
}

void ManualCore::advance(Duration length) {
  const Instant end = clock_.instant() + length;
  poll();
  for (auto next = timers_.next(); next && *next <= end; next = timers_.next()) {
    if (*next > clock_.instant()) clock_.advance(*next - clock_.instant());
    timers_.run_due(clock_.instant());
    poll();
  }
  clock_.advance(end - clock_.instant());
  poll();
}

}  // namespace postern
