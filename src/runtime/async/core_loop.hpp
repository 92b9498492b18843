#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "async/core.hpp"

namespace postern {

/// One core of the machine: an io_context, the thread that runs it, and its deadlines, kept by one
/// system timer that goes off at most every 20 ms however many deadlines there are (deadlines are
/// late by up to that). Everything spawned on it must have ended before it is destroyed, or ends
/// with it unfinished.
class CoreLoop {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  /// `clock` must tell the machine's own steady time. Both are borrowed.
  CoreLoop(const Clock& clock, Random& random);
  CoreLoop(const CoreLoop&) = delete;
  CoreLoop& operator=(const CoreLoop&) = delete;
  ~CoreLoop();

  [[nodiscard]] Core& core() { return core_; }
  /// Runs the loop on this thread until `stop`.
  void run();
  /// Runs the loop on a thread of its own, named `name`, until `stop`.
  void start(const std::string& name);
  /// Ends `run` after the handler under way; coroutines stay suspended where they are. Any thread.
  void stop();
  /// Waits for the thread of `start`.
  void join();

 private:
  using Alarm = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  void watch();

  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
  Timers timers_;
  Core core_;
  Alarm alarm_{io_.get_executor()};
  std::optional<Instant> alarm_at_;
  std::thread thread_;
};

}  // namespace postern
