#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "queue/codec.hpp"
#include "queue/stored_queue.hpp"
#include "queue/test_support.hpp"

namespace postern::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Delivery to us.example that does what the test says, and nothing else.
class Flawed final : public LocalDelivery {
 public:
  explicit Flawed(kv::Engine& engine) : engine_{engine} {}
  bool throws = false;
  int attempts = 0;
  /// What is committed instead of a delivery that leaves its own end in doubt.
  std::function<kv::Batch(QueueId)> doubtful;

  Task<bool> is_local(std::string domain) override {
    if (throws) throw std::runtime_error{"no memory"};
    co_return domain == "us.example";
  }
  Task<Attempt> attempt_local(Job job, Settle settle) override {
    ++attempts;
    Attempt out;
    out.outcomes.assign(job.recipients.size(),
                        {.kind = RecipientOutcome::Kind::sent, .status = "2.0.0", .text = "INBOX"});
    auto batch = doubtful ? doubtful(job.id) : settle(out.outcomes);
    out.settled = !doubtful;
    out.unknown = !out.settled;
    const auto done = co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail);
    EXPECT_TRUE(done);
    co_return out;
  }

 private:
  kv::Engine& engine_;
};

TEST(LocalRound, ABugBeforeTheAttemptsCostsFiveMinutes) {
  Machine m;
  Flawed local{m.engine};
  m.local = &local;
  m.bugs = 1;
  m.start();
  local.throws = true;
  m.submit(m.message({"a@us.example", "b@x.example"}));
  EXPECT_EQ(m.queue->stats().bugs, 1U);
  local.throws = false;
  m.core.advance(minutes{4});
  EXPECT_EQ(local.attempts, 0);
  EXPECT_EQ(m.on_disk(), 1U);
  m.core.advance(minutes{2});
  EXPECT_EQ(local.attempts, 1);
  EXPECT_EQ(m.transport.count("x.example"), 1U);
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(LocalRound, ABugAtTheEndOfARoundCostsFiveMinutesAndSendsNothingTwice) {
  Machine m;
  m.bugs = 1;
  m.start();
  m.notices_throw = true;
  m.transport.answers["x.example"] = refusal(550, "5.1.1", "no such user");
  m.submit(m.message({"a@x.example", "b@y.example"}));
  m.core.advance(seconds{1});
  EXPECT_EQ(m.queue->stats().bugs, 1U);
  m.notices_throw = false;
  m.core.advance(minutes{4});
  EXPECT_TRUE(m.notices.empty());
  m.core.advance(minutes{2});
  EXPECT_EQ(m.notices.size(), 1U);
  EXPECT_EQ(m.transport.jobs.size(), 2U);
  EXPECT_EQ(m.on_disk(), 0U);
}

TEST(LocalRound, AMessageWhoseRecordWasLostIsForgotten) {
  Machine m;
  Flawed local{m.engine};
  m.local = &local;
  m.start();
  local.doubtful = [](QueueId id) {
    kv::Batch batch;
    batch.erase(message_key(id));
    return batch;
  };
  m.submit(m.message({"a@us.example", "b@x.example"}));
  m.core.advance(seconds{10});
  EXPECT_EQ(m.queue->stats().waiting, 0U);
  EXPECT_EQ(m.queue->stats().under_way, 0U);
  m.core.advance(hours{24 * 7});
  EXPECT_EQ(local.attempts, 1);
  EXPECT_TRUE(m.transport.jobs.empty());
}

TEST(LocalRound, ARecordThatCannotBeReadWaitsADay) {
  Machine m;
  Flawed local{m.engine};
  m.local = &local;
  m.start();
  kv::Batch good;
  local.doubtful = [](QueueId id) {
    kv::Batch batch;
    batch.put(message_key(id), "?");
    return batch;
  };
  const auto message = m.message({"a@us.example"});
  m.queue->add(good, message);
  m.submit(message);
  m.core.advance(seconds{10});
  EXPECT_EQ(m.queue->stats().unreadable, 1U);
  EXPECT_EQ(m.queue->stats().under_way, 0U);
  EXPECT_EQ(m.queue->stats().waiting, 1U);
  local.doubtful = nullptr;
  ASSERT_TRUE(m.core.run(m.engine.append(std::move(good), kv::Engine::Purpose::adds_mail)));
  m.core.advance(hours{23});
  EXPECT_EQ(local.attempts, 1);
  m.core.advance(hours{2});
  EXPECT_EQ(local.attempts, 2);
  EXPECT_EQ(m.on_disk(), 0U);
}

}  // namespace
}  // namespace postern::queue
