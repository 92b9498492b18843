#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern {

namespace asio = boost::asio;

/// A core's event loop. One thread runs it; what belongs to the core is touched only there.
using Executor = asio::io_context::executor_type;

/// A coroutine of the project. Lazy: it runs only while someone awaits it. Not a value to store.
template <class T = void>
using Task = asio::awaitable<T, Executor>;

/// The completion token for Asio operations inside a Task.
// Named as Asio names its tokens. NOLINTNEXTLINE(readability-identifier-naming)
inline constexpr asio::use_awaitable_t<Executor> use_task{};

/// The executor of the running coroutine: `const Executor here = co_await this_executor();`
inline auto this_executor() {
  return asio::this_coro::executor;
}

}  // namespace postern
