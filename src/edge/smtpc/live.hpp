#pragma once

#include <unordered_set>

#include "async/core.hpp"
#include "async/timers.hpp"
#include "smtpc/connection.hpp"

namespace postern::smtpc {

/// The connections that attempts use at this moment, so that a stop ends them all. Used on one
/// core.
class LiveConnections final : private Timers::Timer {
 public:
  /// How long a host may still take to answer for a message that it may have.
  static constexpr Duration kGrace = std::chrono::seconds{5};

  explicit LiveConnections(Core& core) : core_{core} {}

  /// While it lives, `connection` is in use by an attempt. Both outlive it.
  class Use {
   public:
    Use(LiveConnections& all, Connection& connection) : all_{all}, connection_{connection} {
      all_.in_use_.insert(&connection_);
    }
    ~Use() { all_.in_use_.erase(&connection_); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    LiveConnections& all_;
    Connection& connection_;
  };

  /// Every connection in use fails with `shutting_down`: at once, or where the message may have
  /// arrived already, after `kGrace`.
  void stop();
  /// Nothing new is to be begun.
  [[nodiscard]] bool stopping() const { return stopping_; }

 private:
  void fire() override;

  Core& core_;
  std::unordered_set<Connection*> in_use_;
  bool stopping_ = false;
};

}  // namespace postern::smtpc
