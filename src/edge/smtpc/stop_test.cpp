#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/scripted.hpp"
#include "smtpc/client.hpp"
#include "smtpc/client_rig.hpp"
#include "smtpc/scripted_remote.hpp"

namespace postern::smtpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Client, AStopEndsAttemptsAndRefusesNewOnes) {
  for (const std::string& script :
       {std::string{"T: silent"}, plain("T: silent"),
        plain("C: MAIL FROM:<me@us.example>\nS: 250 ok\nT: silent"),
        with("PIPELINING", "C: MAIL FROM:<me@us.example>\nT: silent")}) {
    SCOPED_TRACE(script);
    Stage stage;
    stage.first() = {script};
    stage.second() = {"S: 220 not to be used"};
    queue::Attempt attempt;
    stage.begin(stage.job({"a@x.example"}), attempt);
    EXPECT_THAT(attempt.outcomes, IsEmpty());
    stage.client->stop();
    stage.machine.poll();
    ASSERT_EQ(attempt.outcomes.size(), 1U);
    EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::deferred);
    EXPECT_EQ(attempt.outcomes.at(0).status, "4.3.2");
    EXPECT_FALSE(attempt.destination_down);
    const auto next = stage.send(stage.job({"b@x.example"}));
    EXPECT_EQ(next.outcomes.at(0).kind, Kind::deferred);
    EXPECT_EQ(next.outcomes.at(0).status, "4.3.2");
    EXPECT_THAT(stage.hosts.dialled, ElementsAre("198.51.100.1"));
  }
}

TEST(Client, AStopAmidAHandshakeIsNoFailureOfTls) {
  Stage stage{true};
  std::size_t noted = 0;
  stage.settings.note_session = [&noted](const reports::SeenSession&) { ++noted; };
  stage.start();
  stage.first() = {with("STARTTLS", "C: STARTTLS\nS: 220 go\nT: silent")};
  queue::Attempt attempt;
  stage.begin(stage.job({"a@x.example"}), attempt);
  stage.client->stop();
  stage.machine.poll();
  ASSERT_EQ(attempt.outcomes.size(), 1U);
  EXPECT_EQ(attempt.outcomes.at(0).status, "4.3.2");
  EXPECT_EQ(noted, 0U);
}

TEST(Client, AStopLeavesTheHostAMomentToTakeWhatItHas) {
  for (const bool answers : {true, false}) {
    for (const bool chunk : {true, false}) {
      SCOPED_TRACE(testing::Message() << answers << chunk);
      Stage stage;
      const std::string end = answers ? "T: slow\nS: 250 done\n" : "T: silent\n";
      stage.first() = {
          chunk ? std::string{kHello} +
                      "S: 250-PIPELINING\nS: 250 CHUNKING\nC: MAIL FROM:<me@us.example>\n"
                      "C: RCPT TO:<a@x.example>\nC: BDAT 26 LAST\nS: 250 ok\nS: 250 ok\n" +
                      end
                : plain("C: MAIL FROM:<me@us.example>\nS: 250 ok\nC: RCPT TO:<a@x.example>\n"
                        "S: 250 ok\nC: DATA\nS: 354 go\nT: data\n" +
                        end)};
      queue::Attempt attempt;
      stage.begin(stage.job({"a@x.example"}), attempt);
      stage.client->stop();
      stage.machine.advance(seconds{2});
      EXPECT_THAT(attempt.outcomes, IsEmpty());
      stage.machine.advance(seconds{3});
      ASSERT_EQ(attempt.outcomes.size(), 1U);
      EXPECT_EQ(attempt.outcomes.at(0).kind, answers ? Kind::sent : Kind::deferred);
      EXPECT_EQ(attempt.outcomes.at(0).text.contains("may have arrived"), !answers);
      EXPECT_THAT(stage.hosts.faults, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace postern::smtpc
