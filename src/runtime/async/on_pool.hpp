#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "vocab/result.hpp"

namespace postern {

namespace detail {

/// What one call of `work` gave, and how to go on after it. Lives in the waiting frame.
template <class T>
struct PoolJob {
  std::optional<Result<T>> outcome;
  std::exception_ptr bug;
  std::move_only_function<void()> resume;

  template <class Work>
  void run(Work& work) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        work();
        outcome.emplace();
      } else {
        outcome.emplace(work());
      }
    } catch (...) {
      bug = std::current_exception();
    }
    go_on();
  }
  /// The frame, and this with it, may be gone as soon as `resume` has posted it.
  void go_on() {
    auto last = std::exchange(resume, nullptr);
    last();
  }
};

}  // namespace detail

/// Runs the blocking `work` on `pool` and resumes the caller on its own core with what it returned
/// or threw. `limit_reached` when the pool's queue is full: nothing was run. Cannot be cancelled:
/// what `work` refers to must live till it ends.
template <std::invocable Work>
Task<Result<std::invoke_result_t<Work&>>> on_pool(Pool& pool, Work work) {
  using T = std::invoke_result_t<Work&>;
  detail::PoolJob<T> job;
  const auto start = [&pool, &job, &work](auto handler) {
    const Executor home = asio::get_associated_executor(handler);
    job.resume = [home, handler = std::move(handler)]() mutable {
      asio::post(home, std::move(handler));
    };
    if (!pool.post([&job, &work] { job.run(work); })) job.go_on();
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(start, use_task);
  if (job.bug) std::rethrow_exception(job.bug);
  if (!job.outcome) co_return fail(Errc::limit_reached, "the queue of a worker pool is full");
  co_return *std::move(job.outcome);
}

}  // namespace postern
