#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "async/on_core.hpp"
#include "async/task_group.hpp"

namespace postern {

/// Runs `tasks` at the same time on the caller's core and waits for all; their results in order.
/// An exception (a bug) of any of them is thrown once all have ended.
template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks) {
  const Executor here = co_await this_executor();
  std::exception_ptr bug;
  TaskGroup group{here, [&bug](std::exception_ptr thrown) { bug = std::move(thrown); }};
  std::vector<std::optional<T>> slots(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    group.spawn(detail::store_into(slots[i], std::move(tasks[i])));
  co_await group.join();
  if (bug) std::rethrow_exception(bug);
  std::vector<T> results;
  results.reserve(slots.size());
  for (auto& slot : slots) {
    if (!slot) throw std::logic_error{"a task ended without its result"};
    results.push_back(*std::move(slot));
  }
  co_return results;
}

}  // namespace postern
