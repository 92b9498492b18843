#include "queue/retry.hpp"

#include <algorithm>
#include <array>

namespace postern::queue {

Duration retry_after(std::span<const Duration> schedule, std::uint32_t attempts, Random& random) {
  using std::chrono::hours;
  using std::chrono::minutes;
  static constexpr std::array<Duration, 7> kDefault{
      minutes{5}, minutes{10}, minutes{20}, minutes{40}, hours{1}, hours{2}, hours{4}};
  if (schedule.empty()) schedule = kDefault;
  const std::size_t index = std::min<std::size_t>(std::max(attempts, 1U), schedule.size()) - 1;
  const auto base = std::max(schedule[index], Duration{std::chrono::seconds{1}});
  const auto spread = static_cast<std::uint64_t>(base.count()) / 4;
  const auto jitter = static_cast<std::int64_t>(random.below(spread + 1));
  return base - Duration{static_cast<std::int64_t>(spread / 2)} + Duration{jitter};
}

}  // namespace postern::queue
