#include "async/mutex.hpp"

namespace postern {

std::optional<AsyncMutex::Guard> AsyncMutex::try_lock() {
  if (std::exchange(locked_, true)) return std::nullopt;
  return Guard{*this};
}

Task<AsyncMutex::Guard> AsyncMutex::lock() {
  if (auto guard = try_lock()) co_return *std::move(guard);
  Waiter waiter;
  waiters_.push_back(waiter);
  co_await waiter.parked.wait();
  co_return Guard{*this};
}

void AsyncMutex::unlock() {
  if (waiters_.empty()) {
    locked_ = false;
    return;
  }
  Waiter& next = waiters_.front();
  waiters_.pop_front();
  next.parked.resume();
}

}  // namespace postern
