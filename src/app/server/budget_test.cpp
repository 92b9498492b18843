#include "server/budget.hpp"

#include <gtest/gtest.h>

namespace postern::server {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

std::uint64_t sum(const Budget& b) {
  return b.block_cache + b.write_buffers + b.resolver + b.views + b.messages;
}

TEST(Budget, SpendsWhatItIsGivenAndNoMore) {
  for (const std::uint64_t wanted : {96 * kMiB, 128 * kMiB, 512 * kMiB, 4096 * kMiB}) {
    const auto budget = divide_memory(wanted);
    EXPECT_EQ(sum(budget), wanted) << wanted;
    EXPECT_GE(budget.messages, 8 * kMiB);
  }
}

TEST(Budget, ASmallMachineStillServes) {
  for (const std::uint64_t wanted : {std::uint64_t{1}, kMiB, 64 * kMiB}) {
    const auto budget = divide_memory(wanted);
    EXPECT_LE(sum(budget), 80 * kMiB);
    EXPECT_GE(budget.messages, 8 * kMiB);
    EXPECT_GE(budget.views, 8 * kMiB);
  }
}

TEST(Budget, OfItsOwnAccordItStaysWithinAGibibyte) {
  EXPECT_GE(sum(divide_memory(0)), 128 * kMiB);
  EXPECT_LE(sum(divide_memory(0)), 1024 * kMiB);
}

}  // namespace
}  // namespace postern::server
