#include "async/task_group.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace postern {

void TaskGroup::spawn(Task<> child) {
  ++count_;
  asio::co_spawn(executor_, std::move(child), [this](std::exception_ptr bug) {
    if (--count_ == 0) empty_.notify_all();
    if (bug) on_bug_(bug);
  });
}

Task<> TaskGroup::join() {
  while (count_ > 0) {
    co_await empty_.wait();
  }
}

}  // namespace postern
