#include "trace/refusals.hpp"

#include <gtest/gtest.h>

namespace postern::trace {
namespace {

using std::chrono::minutes;

const Timestamp kNow = from_micros(1'000'000'000'000'000);

TEST(Refusals, ANetsFirstAreKeptAndTheOthersCounted) {
  Refusals refusals;
  std::uint64_t kept = 0;
  for (int i = 0; i < 100; ++i)
    kept += refusals.admit("x [192.0.2." + std::to_string(i) + ']', kNow) ? 1 : 0;
  EXPECT_EQ(kept, Refusals::kSingly);
  EXPECT_TRUE(refusals.admit("x [198.51.100.7]", kNow)) << "another net";
  EXPECT_TRUE(refusals.counted(kNow).empty()) << "the minute goes on";
  const auto counted = refusals.counted(kNow + minutes{1});
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted.at(0).net, "192.0.2.0/24");
  EXPECT_EQ(counted.at(0).refusals, 100 - Refusals::kSingly);
  EXPECT_TRUE(refusals.counted(kNow + minutes{2}).empty()) << "told once";
  EXPECT_TRUE(refusals.admit("x [192.0.2.1]", kNow + minutes{2}));
}

TEST(Refusals, ManyNetsAreBoundedToo) {
  Refusals refusals;
  std::uint64_t kept = 0;
  constexpr std::uint64_t kAll = 5000;
  for (std::uint64_t i = 0; i < kAll; ++i)
    kept += refusals.admit("[2001:db8:0:" + std::to_string(i) + "::1]", kNow) ? 1 : 0;
  EXPECT_EQ(kept, Refusals::kTogether);
  const auto counted = refusals.counted(kNow + minutes{1});
  EXPECT_LE(counted.size(), Refusals::kNets + 1);
  std::uint64_t sum = 0;
  for (const auto& one : counted) sum += one.refusals;
  EXPECT_EQ(sum, kAll - kept);
}

TEST(Refusals, WhoeverHasNoAddressIsCountedToo) {
  Refusals refusals;
  for (std::uint64_t i = 0; i < Refusals::kSingly; ++i) EXPECT_TRUE(refusals.admit("", kNow));
  EXPECT_FALSE(refusals.admit("]x[", kNow));
  EXPECT_FALSE(refusals.admit("[y]", kNow));
}

}  // namespace
}  // namespace postern::trace
