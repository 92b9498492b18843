#pragma once

#include <functional>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>

#include "async/task.hpp"

namespace postern {

/// The bottom of every wait that is not Asio's own: one coroutine, suspended until `resume`. Lives
/// in a coroutine's frame or beside it, allocates nothing, and is used on one core only. When the
/// core's io_context goes first, the suspended coroutine goes with it, as with Asio's own waits.
class Parked {
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                       boost::intrusive::tag<Parked>>;

 public:
  Parked();
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;
  ~Parked();

  /// Suspends the caller till `resume`; one caller at a time.
  Task<> wait();
  [[nodiscard]] bool waiting() const { return static_cast<bool>(resume_); }
  /// Lets the waiting coroutine go on, soon and not within this call; without one, nothing.
  void resume();

 private:
  friend class ParkingLot;
  struct Link : Hook {
    Parked* owner = nullptr;
  };

  Link link_;
  std::move_only_function<void()> resume_;
};

}  // namespace postern
