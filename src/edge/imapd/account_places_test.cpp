#include "imapd/account_places.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace postern::imapd {
namespace {

constexpr AccountId kAnn{1};
constexpr AccountId kBob{2};

TEST(AccountPlaces, CountsEachAccountByItself) {
  AccountPlaces places;
  auto first = places.enter(kAnn, 2);
  const auto second = places.enter(kAnn, 2);
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(places.enter(kAnn, 2));
  EXPECT_TRUE(places.enter(kBob, 2));
  first.reset();
  const auto third = places.enter(kAnn, 2);
  EXPECT_TRUE(third);
  EXPECT_FALSE(places.enter(kAnn, 2)) << "who was refused holds nothing, who is in counts";
}

TEST(AccountPlaces, ALimitSetLaterCountsThoseBefore) {
  AccountPlaces places;
  std::vector<std::shared_ptr<void>> many;
  for (int i = 0; i < 50; ++i) many.push_back(places.enter(kAnn, 0));
  EXPECT_FALSE(places.enter(kAnn, 50));
  many.pop_back();
  EXPECT_TRUE(places.enter(kAnn, 50));
}

TEST(AccountPlaces, ThoseInsideMayOutliveIt) {
  std::shared_ptr<void> last;
  {
    AccountPlaces places;
    last = places.enter(kAnn, 1);
  }
  EXPECT_TRUE(last);
}

}  // namespace
}  // namespace postern::imapd
