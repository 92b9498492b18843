#pragma once

#include <algorithm>
#include <cstdint>

#include "vocab/time.hpp"

namespace postern::queue {

/// How hard one destination may be worked: attempts at a time, more with every one that reached it,
/// half as many when it could not be reached, and then none at all for a while that doubles.
class Pace {
 public:
  static constexpr Duration kFirstPause = std::chrono::minutes{5};
  static constexpr Duration kLongestPause = std::chrono::hours{1};

  Pace(std::uint32_t start, std::uint32_t max)
      : window_{std::max(start, 1U)}, max_{std::max(max, start)} {}

  [[nodiscard]] std::uint32_t window() const { return downs_ > 0 ? 1 : window_; }
  [[nodiscard]] bool paused(Instant now) const { return now < until_; }
  /// When the pause ends; in the past when there is none.
  [[nodiscard]] Instant until() const { return until_; }
  /// Nothing bad is remembered.
  [[nodiscard]] bool clean() const { return downs_ == 0; }

  /// The destination was talked to.
  void reached() {
    downs_ = 0;
    until_ = Instant{};
    window_ = std::min(window_ + 1, max_);
  }
  /// It could not be. Attempts that ran together count once.
  void down(Instant now) {
    if (paused(now)) return;
    window_ = std::max(window_ / 2, 1U);
    auto pause = kFirstPause;
    for (std::uint32_t i = 0; i < downs_ && pause < kLongestPause; ++i) pause *= 2;
    until_ = now + std::min(pause, kLongestPause);
    ++downs_;
  }
  /// A person says: try now.
  void forgive() { until_ = Instant{}; }

 private:
  std::uint32_t window_;
  std::uint32_t max_;
  std::uint32_t downs_ = 0;
  Instant until_{};
};

}  // namespace postern::queue
