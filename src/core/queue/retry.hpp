#pragma once

#include <cstdint>
#include <span>

#include "async/random.hpp"
#include "vocab/time.hpp"

namespace postern::queue {

/// How long to wait after attempt number `attempts` (from 1): the entry of `schedule` for it, the
/// last again and again, give or take an eighth, so that what came together does not return
/// together. An empty schedule is the default of `Settings::retry`. RFC 5321 §4.5.4.1.
[[nodiscard]] Duration retry_after(std::span<const Duration> schedule, std::uint32_t attempts,
                                   Random& random);

}  // namespace postern::queue
