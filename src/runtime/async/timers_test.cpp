#include "async/timers.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

class Named final : public Timers::Timer {
 public:
  Named(std::string& log, char name) : log_{log}, name_{name} {}

 private:
  void fire() override { log_ += name_; }
  std::string& log_;
  char name_;
};

class TimersTest : public ::testing::Test {
 protected:
  ManualClock clock_{Timestamp{}};
  Timers timers_{clock_};
  std::string log_;
};

TEST_F(TimersTest, FiresWhatIsDueEarliestFirst) {
  Named late{log_, 'l'};
  Named early{log_, 'e'};
  Named never{log_, 'n'};
  timers_.arm_after(late, 2s);
  timers_.arm_after(early, 1s);
  timers_.arm_after(never, 3s);
  EXPECT_EQ(timers_.next(), clock_.instant() + 1s);
  clock_.advance(2s);
  timers_.run_due(clock_.instant());
  EXPECT_EQ(log_, "el");
  EXPECT_FALSE(early.armed());
  EXPECT_TRUE(never.armed());
}

TEST_F(TimersTest, DisarmsByHandByArmingAgainAndByDestruction) {
  Named moved{log_, 'm'};
  Named disarmed{log_, 'd'};
  auto destroyed = std::make_unique<Named>(log_, 'x');
  timers_.arm_after(moved, 1s);
  timers_.arm_after(disarmed, 1s);
  timers_.arm_after(*destroyed, 1s);
  timers_.arm_after(moved, 5s);
  disarmed.disarm();
  destroyed.reset();
  clock_.advance(1s);
  timers_.run_due(clock_.instant());
  EXPECT_EQ(log_, "");
  clock_.advance(4s);
  timers_.run_due(clock_.instant());
  EXPECT_EQ(log_, "m");
  EXPECT_EQ(timers_.next(), std::nullopt);
}

}  // namespace
}  // namespace postern
