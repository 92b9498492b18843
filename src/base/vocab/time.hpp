#pragma once

#include <chrono>
#include <cstdint>

namespace postern {

using Duration = std::chrono::microseconds;

/// Wall time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted. What is stored
/// and shown. Obtained only from an injected `Clock`.
using Timestamp = std::chrono::sys_time<Duration>;

/// Time for deadlines: never jumps. Its zero means nothing. Obtained only from an injected
/// `Clock`.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

[[nodiscard]] constexpr std::int64_t to_micros(Timestamp t) {
  return t.time_since_epoch().count();
}
[[nodiscard]] constexpr Timestamp from_micros(std::int64_t us) {
  return Timestamp{Duration{us}};
}

}  // namespace postern
