#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "async/task_group.hpp"
#include "async/timers.hpp"
#include "smtpc/client.hpp"
#include "smtpc/connection.hpp"

namespace postern::smtpc {

/// Connections that wait for the next message to the same host, bounded in number and time.
class IdleConnections final : private Timers::Timer {
 public:
  /// Both outlive it.
  IdleConnections(Core& core, const Settings& settings);

  /// The connection to `to` that was used last; null if there is none.
  std::unique_ptr<Connection> take(const route::Candidate& to);
  /// Keeps it, or says goodbye when there are enough or it has done its share.
  void give(std::unique_ptr<Connection> connection);
  /// Says goodbye to all and keeps none any more.
  Task<> close();
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Goodbyes that ended in an exception.
  [[nodiscard]] std::uint64_t bugs() const { return bugs_; }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    Instant until;
  };
  void fire() override;
  void dismiss(std::unique_ptr<Connection> connection);

  Core& core_;
  const Settings& settings_;
  std::unordered_map<std::string, std::deque<Idle>> by_host_;
  std::size_t count_ = 0;
  bool closed_ = false;
  std::uint64_t bugs_ = 0;
  TaskGroup goodbyes_;
};

}  // namespace postern::smtpc
