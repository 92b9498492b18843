#pragma once

#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "async/task.hpp"

namespace postern {

namespace detail {

/// An Asio operation's result must have a default; ours need not.
template <class T>
Task<> store_into(std::optional<T>& out, Task<T> task) {
  out = co_await std::move(task);
}

}  // namespace detail

/// Runs `task` on the core `home` and resumes the caller on its own; awaits it directly when that
/// is here. What `task` refers to must be home's or immutable. Exceptions pass through.
template <class T>
Task<T> on_core(Executor home, Task<T> task) {
  const Executor here = co_await this_executor();
  if (here == home) co_return co_await std::move(task);
  if constexpr (std::is_void_v<T>) {
    co_await asio::co_spawn(home, std::move(task), use_task);
  } else {
    std::optional<T> out;
    co_await asio::co_spawn(home, detail::store_into(out, std::move(task)), use_task);
    if (!out) throw std::logic_error{"a task ended without its result"};
    co_return *std::move(out);
  }
}

}  // namespace postern
