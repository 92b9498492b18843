#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postern {

/// Where blocking work goes (disk reads, Argon2, text extraction), with a bounded queue.
class Pool {
 public:
  virtual ~Pool() = default;
  /// Has `work` run some time; false, and nothing done, when the queue is full. Any thread. `work`
  /// does not throw.
  [[nodiscard]] virtual bool post(std::move_only_function<void()> work) = 0;
};

/// Threads of its own. The destructor runs what is queued to its end: destroy the pool before the
/// io_contexts of those who wait for it.
class ThreadPool final : public Pool {
 public:
  /// `name`: of the threads, as `top -H` shows them; 15 bytes count. `queue_limit`: work waiting
  /// beside the work that runs.
  ThreadPool(const std::string& name, std::size_t threads, std::size_t queue_limit);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() override;
  [[nodiscard]] bool post(std::move_only_function<void()> work) override;

 private:
  void run();

  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> queue_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

/// Runs the work at once, within `post`: for the simulator and for tests.
class InlinePool final : public Pool {
 public:
  [[nodiscard]] bool post(std::move_only_function<void()> work) override {
    work();
    return true;
  }
};

/// Gives the calling thread its name for `top -H` and debuggers; cut to 15 bytes.
void name_this_thread(const std::string& name);

}  // namespace postern
