#pragma once

#include <cstddef>
#include <exception>
#include <functional>

#include "async/event.hpp"
#include "async/task.hpp"

namespace postern {

/// The one place a coroutine is started without being awaited: a scope whose children all end
/// before `join` does. Used on the core it was made with, and outlives its children. Nothing is
/// cancelled here: whoever wants an end stops the streams, sleepers and queues that the children
/// wait on. A child's exception is a bug: `on_bug` gets it, on the core, and the others go on.
class TaskGroup {
 public:
  using BugHandler = std::function<void(std::exception_ptr)>;

  TaskGroup(Executor executor, BugHandler on_bug)
      : executor_{std::move(executor)}, on_bug_{std::move(on_bug)} {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// The child begins on the core, at the latest in its next turn. Give it values, or what outlives
  /// `join`.
  void spawn(Task<> child);
  /// Waits till no child is left, those that were added meanwhile included.
  Task<> join();
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  Executor executor_;
  BugHandler on_bug_;
  std::size_t count_ = 0;
  Event empty_;
};

}  // namespace postern
