#include "server/budget.hpp"

#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/descriptors.hpp"

namespace postern::server {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

std::uint64_t sum(const Budget& b) {
  return b.block_cache + b.write_buffers + b.resolver + b.views + b.reports + b.messages;
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

TEST(Budget, ConnectionsAreBoundByMemory) {
  EXPECT_EQ(connections_that_fit(64 * kMiB), 1024U);
  EXPECT_EQ(connections_that_fit(1), 1024U) << "the least that is ever used";
  EXPECT_EQ(connections_that_fit(1024 * kMiB), 16'384U);
  EXPECT_GE(connections_that_fit(0), 2048U);
}

TEST(Budget, OnlyWhoSaysHowManyGetsMoreConnectionsThanFit) {
  EXPECT_EQ(connection_limit(0, 10), 10U);
  EXPECT_EQ(connection_limit(20, 10), 20U);
  EXPECT_LT(connection_limit(0, SIZE_MAX), SIZE_MAX) << "descriptors still bound it";
  EXPECT_EQ(connection_limit(1'000'000'000, 10), connection_limit(0, SIZE_MAX));
}

/// In a process of its own, which tells by its status.
int numbers_after(std::initializer_list<int> closed) {
  for (const int one : closed) ::close(one);
  if (!fill_standard_descriptors()) return 1;
  struct stat null{};
  if (::stat("/dev/null", &null) != 0) return 2;
  for (const int one : closed) {
    struct stat now{};
    if (::fstat(one, &now) != 0 || now.st_rdev != null.st_rdev) return 3;
  }
  const int next = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  return next > STDERR_FILENO ? 0 : 4;
}

TEST(DescriptorsDeathTest, ClosedStandardOnesAreFilled) {
  EXPECT_EXIT(std::_Exit(numbers_after({0, 1, 2})), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::_Exit(numbers_after({1})), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::_Exit(numbers_after({0, 2})), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::_Exit(numbers_after({})), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace postern::server
