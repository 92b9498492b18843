#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "async/manual_core.hpp"

namespace postern::sim {

/// Runs `task`, letting time pass as it must; nothing after a minute of it.
template <class T>
std::optional<T> finish(ManualCore& machine, Task<T> task) {
  auto out = std::make_shared<std::optional<T>>();
  struct Keep {
    static Task<> run(std::shared_ptr<std::optional<T>> where, Task<T> what) {
      *where = co_await std::move(what);
    }
  };
  machine.group().spawn(Keep::run(out, std::move(task)));
  machine.poll();
  for (int steps = 0; !*out && steps < 6000; ++steps)
    machine.advance(std::chrono::milliseconds{10});
  return std::move(*out);
}

}  // namespace postern::sim
