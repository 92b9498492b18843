#pragma once

#include <cstdlib>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

#include "async/clock.hpp"
#include "async/core_loop.hpp"
#include "async/random.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"

namespace postern {

/// A core on a thread of its own whose tasks the owner's thread waits for: how a command, which
/// does one thing after the other, uses what serves a whole server. The machine's own clock and
/// randomness. An exception that nobody waits for ends the program.
class Workshop {
 public:
  explicit Workshop(const std::string& thread_name) { loop_.start(thread_name); }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop() { stop(); }
  /// Runs nothing any more. What is to be destroyed before the core goes, goes after this.
  void stop() {
    loop_.stop();
    loop_.join();
  }

  [[nodiscard]] Core& core() { return loop_.core(); }

  /// Runs `task` on the core and waits for its value, or its exception. Not on the core itself.
  template <class T>
  T run(Task<T> task) {
    const auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    asio::post(core().executor, [this, promise, task = std::move(task)]() mutable {
      group_.spawn(keep(promise, std::move(task)));
    });
    return future.get();
  }

 private:
  template <class T>
  static Task<> keep(std::shared_ptr<std::promise<T>> promise, Task<T> task) {
    try {
      auto value = co_await std::move(task);
      promise->set_value(std::move(value));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  }

  SystemClock clock_;
  SystemRandom random_;
  CoreLoop loop_{clock_, random_};
  TaskGroup group_{loop_.core().executor, [](const std::exception_ptr&) { std::abort(); }};
};

}  // namespace postern
