#pragma once

#include "vocab/time.hpp"

namespace postern {

/// The only source of time. Thread-safe. Tests and the simulator inject their own.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;    ///< Wall time; may jump.
  [[nodiscard]] virtual Instant instant() const = 0;  ///< For deadlines; never jumps.
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] Instant instant() const override;
};

/// Stands still until told otherwise; both times move together. Not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_{start} {}
  [[nodiscard]] Timestamp now() const override { return now_; }
  [[nodiscard]] Instant instant() const override { return instant_; }
  void advance(Duration step) {
    now_ += step;
    instant_ += step;
  }

 private:
  Timestamp now_;
  Instant instant_{Duration{1}};
};

}  // namespace postern
