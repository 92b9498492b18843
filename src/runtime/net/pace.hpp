#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "vocab/time.hpp"

namespace postern::net {

/// How slow the sender of a message may be: so long it may keep us waiting in all, and so many more
/// seconds as what it sent is worth. A limit that grows with the message, as the sender's own
/// time-outs do (RFC 5321 §4.5.3.2).
struct PaceLimits {
  Duration grace;
  std::uint64_t rate = 1;  ///< Octets a second; at least 1.
};

/// What one sender made us wait. Our own time (a full disk, no memory) is not counted.
class Pace {
 public:
  /// How often who waits for a sender looks whether that still may be.
  static constexpr Duration kLook = std::chrono::seconds{5};

  void waited(Duration length) { waited_ += length; }
  void got(std::uint64_t octets) { got_ += octets; }
  [[nodiscard]] bool within(const PaceLimits& limits) const {
    constexpr std::uint64_t kYear = 365UL * 24 * 3600;  // what has no end must not overflow
    const std::chrono::seconds earned{std::min(got_ / limits.rate, kYear)};
    return waited_ <= limits.grace + earned;
  }

 private:
  Duration waited_{0};
  std::uint64_t got_ = 0;
};

}  // namespace postern::net
