#include "signing/lifecycle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::signing {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Timestamp kStart{days{20'000}};
const Schedule kSchedule;

Known key(std::string selector, State state, crypto::KeyKind kind = crypto::KeyKind::rsa) {
  return {.name = {.domain = "example.org", .selector = std::move(selector)},
          .facts = {.kind = kind, .state = state, .created = kStart, .activated = kStart}};
}

TEST(Lifecycle, APendingKeySignsOnceDnsHasShownItForAWhile) {
  auto one = key("a", State::pending);
  EXPECT_THAT(due({one}, kStart + days{100}, kSchedule), IsEmpty());
  one.facts.seen_since = kStart;
  EXPECT_THAT(due({one}, kStart + minutes{59}, kSchedule), IsEmpty());
  EXPECT_THAT(due({one}, kStart + hours{1}, kSchedule),
              ElementsAre(Step{Step::Kind::activate, one.name}));
}

TEST(Lifecycle, AnOldKeyGetsOneSuccessor) {
  const auto old = key("a", State::active);
  EXPECT_THAT(due({old}, kStart + days{179}, kSchedule), IsEmpty());
  EXPECT_THAT(due({old}, kStart + days{180}, kSchedule),
              ElementsAre(Step{Step::Kind::make, old.name}));
  EXPECT_THAT(due({old, key("b", State::pending)}, kStart + days{180}, kSchedule), IsEmpty());
  // Of the other kind, or of another domain, none is a successor.
  auto elsewhere = key("b", State::pending);
  elsewhere.name.domain = "example.com";
  EXPECT_THAT(due({old, key("e", State::pending, crypto::KeyKind::ed25519), elsewhere},
                  kStart + days{180}, kSchedule),
              ElementsAre(Step{Step::Kind::make, old.name}));
  EXPECT_THAT(due({old}, kStart + days{9'999}, {.rotate_after = {}}), IsEmpty());
}

TEST(Lifecycle, ARetiredKeyLingersAndGoes) {
  auto one = key("a", State::retired);
  one.facts.retired = kStart;
  EXPECT_THAT(due({one}, kStart + days{13}, kSchedule), IsEmpty());
  EXPECT_THAT(due({one}, kStart + days{14}, kSchedule),
              ElementsAre(Step{Step::Kind::erase, one.name}));
}

TEST(Lifecycle, AsksDnsAsOftenAsItMatters) {
  auto one = key("a", State::pending);
  const auto due_after = [&](Duration time) {
    return look_is_due(one.facts, kStart, kStart + time, kSchedule);
  };
  EXPECT_TRUE(look_is_due(one.facts, {}, kStart, kSchedule));
  EXPECT_FALSE(due_after(minutes{9}));
  EXPECT_TRUE(due_after(minutes{10}));
  one.facts.state = State::active;
  EXPECT_FALSE(due_after(hours{23}));
  EXPECT_TRUE(due_after(days{1}));
  EXPECT_TRUE(due_after(-days{1})) << "the clock was set back";
  one.facts.state = State::retired;
  EXPECT_FALSE(due_after(days{9}));
}

TEST(Lifecycle, KnowsWhomAKeyReplaces) {
  const auto fresh = key("b", State::pending);
  auto elsewhere = key("c", State::active);
  elsewhere.name.domain = "example.com";
  const std::vector<Known> keys{key("a", State::active), fresh, elsewhere, key("d", State::retired),
                                key("e", State::active, crypto::KeyKind::ed25519)};
  EXPECT_THAT(predecessors(keys, fresh.name), ElementsAre(keys.front().name));
  EXPECT_THAT(predecessors(keys, {.domain = "example.org", .selector = "none"}), IsEmpty());
}

TEST(Lifecycle, SelectorsSayWhenTheyWereMade) {
  EXPECT_EQ(new_selector({}, "example.org", crypto::KeyKind::rsa, kStart), "20241004r");
  const std::vector<Known> keys{key("20241004r", State::retired), key("20241004r2", State::active)};
  EXPECT_EQ(new_selector(keys, "example.org", crypto::KeyKind::rsa, kStart), "20241004r3");
  EXPECT_EQ(new_selector(keys, "example.org", crypto::KeyKind::ed25519, kStart), "20241004e");
  EXPECT_EQ(new_selector(keys, "example.com", crypto::KeyKind::rsa, kStart), "20241004r");
}

}  // namespace
}  // namespace postern::signing
