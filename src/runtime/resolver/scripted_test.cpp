#include "resolver/scripted.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace postern::resolver {
namespace {

using namespace std::chrono_literals;
using dns::Outcome;
using dns::Status;
using dns::Type;

dns::Question question(std::string_view name, Type type) {
  return {dns::Name::parse(name).value(), type};
}

class ScriptedResolverTest : public testing::Test {
 protected:
  /// Starts a lookup; `answer` is set once it is there.
  void begin(std::string_view name, Type type) {
    answer.reset();
    asio::co_spawn(io, resolver.lookup(question(name, type)),
                   [this](const std::exception_ptr&, dns::Answer got) { answer = std::move(got); });
    run();
  }
  void run() {
    io.restart();
    io.poll();
  }
  dns::Answer ask(std::string_view name, Type type) {
    begin(name, type);
    return answer.value();
  }

  asio::io_context io;
  ManualClock clock{Timestamp{1h}};
  Timers timers{clock};
  ScriptedResolver resolver{timers};
  std::optional<dns::Answer> answer;
};

TEST_F(ScriptedResolverTest, KnowsWhatIsWrittenDown) {
  resolver.add_mx("D.example", 10, "mx.d.example", Status::secure);
  resolver.add_mx("d.example", 20, "mx2.d.example", Status::secure);
  resolver.add_address("mx.d.example", "192.0.2.1");
  const auto mx = ask("d.example", Type::mx);
  EXPECT_TRUE(mx.secure());
  EXPECT_EQ(mx.all<dns::Mx>().size(), 2U);
  EXPECT_EQ(ask("mx.d.example", Type::a).all<text::IpAddress>().size(), 1U);
  EXPECT_EQ(ask("mx.d.example", Type::aaaa).outcome, Outcome::no_data);
  EXPECT_EQ(ask("example", Type::mx).outcome, Outcome::no_data);
  EXPECT_EQ(ask("other.example", Type::mx).outcome, Outcome::nxdomain);
  EXPECT_EQ(resolver.asked("d.example", Type::mx), 1U);
  EXPECT_EQ(resolver.asked("d.example", Type::a), 0U);
}

TEST_F(ScriptedResolverTest, FailsOnDemand) {
  resolver.fail("f.example", Type::mx, Outcome::timeout);
  EXPECT_EQ(ask("f.example", Type::mx).outcome, Outcome::timeout);
  resolver.set("b.example", Type::mx, {.status = Status::bogus});
  EXPECT_TRUE(ask("b.example", Type::mx).temporary());
}

TEST_F(ScriptedResolverTest, AnswersLateInTheCoresTime) {
  resolver.add_address("slow.example", "192.0.2.1");
  resolver.delay("slow.example", 3s);
  begin("slow.example", Type::a);
  EXPECT_FALSE(answer);
  clock.advance(2s);
  timers.run_due(clock.instant());
  run();
  EXPECT_FALSE(answer);
  clock.advance(1s);
  timers.run_due(clock.instant());
  run();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->found());
}

TEST_F(ScriptedResolverTest, AnUnansweredLookupIsUnwoundWithItsCore) {
  resolver.delay("never.example", 1h);
  begin("never.example", Type::a);
  EXPECT_FALSE(answer);  // The sanitizer tells whether its coroutine is freed.
}

}  // namespace
}  // namespace postern::resolver
