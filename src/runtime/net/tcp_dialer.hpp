#pragma once

#include <set>

#include "async/core.hpp"
#include "net/stream.hpp"

namespace postern::net {

/// Dials over TCP, one per core.
class TcpDialer final : public Dialer {
 public:
  /// `core` is borrowed for as long as the dialer and its streams live.
  explicit TcpDialer(Core& core) : core_{core} {}
  Task<Result<std::unique_ptr<Stream>>> connect(Endpoint to, std::optional<text::IpAddress> source,
                                                Duration limit) override;
  /// Every connect under way, and every later one, fails with `shutting_down`. On the core.
  void stop();

 private:
  class Attempt;
  Core& core_;
  std::set<Attempt*> under_way_;
  bool stopped_ = false;
};

}  // namespace postern::net
