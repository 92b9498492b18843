#pragma once

#include <functional>

#include "server/readable.hpp"
#include "server/signals.hpp"
#include "server/watch.hpp"

namespace postern::server {

/// SIGTERM and SIGINT stop the server, a second one in a hurry; SIGHUP reloads, unless it stops.
class SignalWatch final : public Watch {
 public:
  /// `signals`: of `open_signals`. `reload` does not throw; empty: SIGHUP is for somebody else.
  SignalWatch(Descriptor signals, std::function<void(Server&)> reload)
      : signals_{std::move(signals)}, reload_{std::move(reload)} {}
  Task<> run(Server& server) override;
  void stop() override { readable_.stop(); }

 private:
  void take_all(Server& server);
  Descriptor signals_;
  std::function<void(Server&)> reload_;
  Readable readable_;
  bool asked_ = false;  ///< By a signal: a supervisor's word and one signal are one wish.
};

}  // namespace postern::server
