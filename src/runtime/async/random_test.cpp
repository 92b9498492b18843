#include "async/random.hpp"

#include <array>

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(Random, TheSystemDoesNotRepeatItself) {
  SystemRandom random;
  EXPECT_NE(random.bytes(16), random.bytes(16));
  EXPECT_EQ(random.bytes(5).size(), 5U);
}

TEST(Random, ASeedRepeats) {
  SeededRandom a{7};
  SeededRandom b{7};
  SeededRandom other{8};
  const std::string first = a.bytes(100);
  EXPECT_EQ(first, b.bytes(100));
  EXPECT_NE(first, other.bytes(100));
  EXPECT_NE(first, a.bytes(100));
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  SeededRandom random{1};
  std::array<int, 5> seen{};
  for (int i = 0; i < 1000; ++i) ++seen.at(random.below(seen.size()));
  for (const int count : seen) EXPECT_GT(count, 100);
  EXPECT_EQ(random.below(1), 0U);
}

}  // namespace
}  // namespace postern
