#include "net/pace.hpp"

#include <gtest/gtest.h>

namespace postern::net {
namespace {

using namespace std::chrono_literals;

TEST(Pace, GrowsWithWhatCame) {
  const PaceLimits limits{.grace = 60s, .rate = 100};
  Pace pace;
  EXPECT_TRUE(pace.within(limits));
  pace.waited(60s);
  EXPECT_TRUE(pace.within(limits));
  pace.waited(1s);
  EXPECT_FALSE(pace.within(limits));
  pace.got(99);
  EXPECT_FALSE(pace.within(limits));
  pace.got(1);
  EXPECT_TRUE(pace.within(limits));
  EXPECT_FALSE(pace.within({.grace = 10s, .rate = 100}));
}

TEST(Pace, ManyOctetsDoNotOverflow) {
  Pace pace;
  pace.got(UINT64_MAX);
  pace.waited(24h);
  EXPECT_TRUE(pace.within({.grace = 0s, .rate = 1}));
}

}  // namespace
}  // namespace postern::net
