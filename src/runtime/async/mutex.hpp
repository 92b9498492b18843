#pragma once

#include <optional>
#include <utility>

#include <boost/intrusive/list.hpp>

#include "async/park.hpp"
#include "async/task.hpp"

namespace postern {

/// Mutual exclusion between coroutines of one core, first come, first served. Without contention
/// `lock` does not suspend. Must outlive its guards and waiters. Not a thread's mutex: it may be
/// held over an await.
class AsyncMutex {
 public:
  /// Holds the mutex while it lives.
  class Guard {
   public:
    Guard(Guard&& other) noexcept : mutex_{std::exchange(other.mutex_, nullptr)} {}
    Guard& operator=(Guard&& other) noexcept {
      if (this != &other) {
        release();
        mutex_ = std::exchange(other.mutex_, nullptr);
      }
      return *this;
    }
    ~Guard() { release(); }
    /// Lets go early.
    void release() {
      if (auto* mutex = std::exchange(mutex_, nullptr)) mutex->unlock();
    }

   private:
    friend class AsyncMutex;
    explicit Guard(AsyncMutex& mutex) : mutex_{&mutex} {}
    AsyncMutex* mutex_;
  };

  AsyncMutex() = default;
  AsyncMutex(const AsyncMutex&) = delete;
  AsyncMutex& operator=(const AsyncMutex&) = delete;

  [[nodiscard]] Task<Guard> lock();
  [[nodiscard]] std::optional<Guard> try_lock();
  [[nodiscard]] bool locked() const { return locked_; }

 private:
  struct Waiter : boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    Parked parked;
  };
  void unlock();

  bool locked_ = false;  ///< Stays true while the mutex passes from one holder to the next.
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace postern
