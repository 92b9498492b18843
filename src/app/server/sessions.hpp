#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "log/log.hpp"
#include "net/stream.hpp"
#include "vocab/result.hpp"

namespace postern::server {

/// Every connection that is being served, so that shutdown can tell them and wait. One group per
/// core, used only there.
class Sessions {
 public:
  /// Serves one connection on the core of `stream`, whose owner it becomes.
  using Serve = std::function<Task<>(Core& core, std::unique_ptr<net::Stream> stream)>;

  Sessions(std::span<Core* const> cores, log::Logger logger);

  /// On `core`. After `stop` the connection is closed at once.
  void spawn(Core& core, std::unique_ptr<net::Stream> stream, const Serve& serve);
  /// Lets every connection say goodbye, then cuts those that do not end; more are not taken. Any
  /// core; returns when all ended.
  Task<> stop();
  /// `stop`, under way or to come, waits for nobody's goodbye. Any thread.
  void hurry() { hurry_ = true; }
  /// The task group of `core`, for other work that must end before it.
  [[nodiscard]] TaskGroup& group(Core& core) { return places_.at(&core)->group; }

 private:
  struct Place {
    Place(Core& at, log::Logger logger);
    Core& core;
    TaskGroup group;
    std::set<net::Stream*> live;
    bool stopping = false;
  };
  static Task<> run(Place& place, net::Stream* key, Task<> session);
  Task<> stop_place(Place& place);

  std::map<Core*, std::unique_ptr<Place>> places_;
  std::atomic<bool> hurry_ = false;
};

/// What an exception says.
[[nodiscard]] std::string words_of(const std::exception_ptr& bug);

}  // namespace postern::server
