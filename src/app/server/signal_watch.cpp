#include "server/signal_watch.hpp"

#include "server/server.hpp"

namespace postern::server {

Task<> SignalWatch::run(Server& server) {
  for (;;) {
    const bool more = co_await readable_.wait(signals_.get());
    if (!more) co_return;
    take_all(server);
  }
}

/// The end first: a flood of SIGHUP must not hold it up.
void SignalWatch::take_all(Server& server) {
  const auto waiting = all_signals(signals_);
  if (waiting.end) {
    if (asked_) {
      server.hurry();
    } else {
      server.ask_to_stop();
    }
    asked_ = true;
  }
  if (waiting.reload && reload_ && !server.stopping()) reload_(server);
}

}  // namespace postern::server
