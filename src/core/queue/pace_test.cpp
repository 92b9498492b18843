#include "queue/pace.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "queue/retry.hpp"
#include "queue/schedule.hpp"

namespace postern::queue {
namespace {

using std::chrono::minutes;

TEST(Pace, GrowsWithSuccessAndHalvesAndRestsWhenDown) {
  Pace pace{5, 20};
  EXPECT_EQ(pace.window(), 5U);
  for (int i = 0; i < 30; ++i) pace.reached();
  EXPECT_EQ(pace.window(), 20U);
  const Instant start{minutes{1}};
  pace.down(start);
  EXPECT_EQ(pace.window(), 1U);  // one scout
  EXPECT_TRUE(pace.paused(start + minutes{4}));
  EXPECT_FALSE(pace.paused(start + minutes{5}));
  pace.down(start + minutes{1});  // ran together with the first
  EXPECT_EQ(pace.until(), start + minutes{5});
  pace.down(start + minutes{5});
  EXPECT_EQ(pace.until(), start + minutes{15});
  EXPECT_FALSE(pace.clean());
  pace.reached();
  EXPECT_TRUE(pace.clean());
  EXPECT_EQ(pace.window(), 6U);  // 20 halved twice, and one success
}

TEST(Pace, RestsAnHourAtMost) {
  Pace pace{5, 20};
  Instant now{minutes{1}};
  for (int i = 0; i < 20; ++i) {
    pace.down(now);
    EXPECT_LE(pace.until() - now, std::chrono::hours{1});
    now = pace.until();
  }
}

TEST(Retry, FollowsTheScheduleWithAnEighthOfJitter) {
  SeededRandom random{3};
  const std::vector<Duration> schedule{minutes{8}, minutes{16}};
  for (std::uint32_t attempt = 1; attempt < 50; ++attempt) {
    const Duration base = attempt == 1 ? minutes{8} : minutes{16};
    const auto wait = retry_after(schedule, attempt, random);
    EXPECT_GE(wait, base - base / 8);
    EXPECT_LE(wait, base + base / 8);
  }
  EXPECT_LE(retry_after({}, 1, random), minutes{6});
  EXPECT_GE(retry_after({}, 100, random), std::chrono::hours{3});
}

TEST(Schedule, GivesTheEarliestThatIsDue) {
  Schedule schedule;
  schedule.put(QueueId{1}, from_micros(30));
  schedule.put(QueueId{2}, from_micros(10));
  schedule.put(QueueId{3}, from_micros(20));
  schedule.put(QueueId{1}, from_micros(5));
  schedule.erase(QueueId{2});
  EXPECT_EQ(schedule.next(), from_micros(5));
  EXPECT_EQ(schedule.take(from_micros(20)), QueueId{1});
  EXPECT_EQ(schedule.take(from_micros(20)), QueueId{3});
  EXPECT_EQ(schedule.take(from_micros(20)), std::nullopt);
  EXPECT_EQ(schedule.size(), 0U);
}

}  // namespace
}  // namespace postern::queue
