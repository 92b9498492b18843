#pragma once

#include <functional>
#include <optional>

#include <boost/intrusive/set.hpp>
#include <boost/intrusive/set_hook.hpp>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "vocab/result.hpp"

namespace postern {

/// The deadlines of one core, without an allocation or a system call per deadline. Passive: a
/// driver calls `run_due` (CoreLoop for the machine, the simulator for simulated time). Used only
/// on its core.
class Timers {
 public:
  /// Something that is to happen at a time unless disarmed before. Destroying it disarms it.
  class Timer : public boost::intrusive::set_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    virtual ~Timer() = default;
    [[nodiscard]] bool armed() const { return is_linked(); }
    void disarm() { unlink_if_linked(); }
    [[nodiscard]] Instant when() const { return when_; }
    friend bool operator<(const Timer& a, const Timer& b) { return a.when_ < b.when_; }

   private:
    friend class Timers;
    virtual void fire() = 0;  ///< Called disarmed, on the core; may arm again or destroy itself.
    void unlink_if_linked() {
      if (is_linked()) unlink();
    }
    Instant when_{};
  };

  explicit Timers(const Clock& clock) : clock_{clock} {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// (Re)arms `timer`, which must outlive its firing or be disarmed.
  void arm(Timer& timer, Instant when);
  void arm_after(Timer& timer, Duration after) { arm(timer, clock_.instant() + after); }
  /// When the earliest armed timer is due.
  [[nodiscard]] std::optional<Instant> next() const;
  /// Fires all that is due at `now`, earliest first.
  void run_due(Instant now);
  [[nodiscard]] const Clock& clock() const { return clock_; }
  /// For the driver: `hook` is called whenever a newly armed timer is the earliest of all.
  void on_earlier(std::move_only_function<void()> hook) { on_earlier_ = std::move(hook); }

 private:
  const Clock& clock_;
  std::move_only_function<void()> on_earlier_;
  boost::intrusive::multiset<Timer, boost::intrusive::constant_time_size<false>> armed_;
};

}  // namespace postern
