#include "delivery/queued.hpp"

#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "queue/codec.hpp"
#include "record/key.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kBody = "From: s@example.com\r\nSubject: hello\r\n\r\nHello.\r\n";
const std::string kReceived = "Received: by mx.example.org; Fri, 20 Nov 2026 00:00:00 +0000\r\n";
const std::string kVerdict = "Authentication-Results: mx.example.org; dmarc=fail\r\n";
constexpr Duration kStep{250};

smtp::Address address(std::string_view text) {
  return smtp::parse_address(text, {.utf8 = true}).value();
}

/// Takes everything.
class Elsewhere final : public queue::Transport {
 public:
  std::vector<std::string> took;
  Task<queue::Attempt> attempt(queue::Job job) override {
    queue::Attempt out;
    for (const auto& one : job.recipients) took.push_back(smtp::to_string(one.address));
    out.outcomes.assign(job.recipients.size(),
                        {.kind = queue::RecipientOutcome::Kind::sent, .code = 250, .text = "ok"});
    co_return out;
  }
};

/// One life of store, directory, queue and delivery on a disk.
struct Life {
  Life(ManualCore& machine, const kv::MemoryDisk& disk)
      : machine{machine},
        cores{&machine.core()},
        engine{{.sync = kv::MemoryEngine::Sync::delayed, .core = &machine.core()}, disk},
        store{store::make_mail_store(engine, cores, {})},
        trace{trace::make_log(engine, machine.core())} {
    directory::Settings fast;
    fast.argon2_memory_kib = 8;
    fast.argon2_passes = 1;
    fast.scram_iterations = 1;
    directory = now(directory::open_directory(engine, *store, machine.core(), pool, fast)).value();
    queue =
        queue::make_queue(engine, *store, *trace, machine.core(), {.hostname = "mx.example.org"});
    delivery = make_delivery(*store, *directory, *queue, *trace, machine.core(),
                             {.hostname = "mx.example.org"});
    queued = make_queued_delivery(*store, *directory, *queue, *trace, machine.core());
    queue->deliver_locally_with(*queued);
    machine.group().spawn(
        queue->run(elsewhere, [this](std::string content, smtp::Address to, TraceId about) {
          return delivery->submit_notice(std::move(content), std::move(to), about);
        }));
    machine.poll();
  }

  /// Ends within two seconds of the machine's time.
  template <class T>
  T now(Task<T> task) {
    std::optional<T> out;
    const auto keep = [](Task<T> work, std::optional<T>& into) -> Task<> {
      into = co_await std::move(work);
    };
    machine.group().spawn(keep(std::move(task), out));
    machine.advance(2s);
    return *std::move(out);
  }
  AccountId add(const std::string& name, std::uint64_t quota = 0) {
    const auto password = std::to_string(machine.core().random.u64());
    return now(directory->add_account(name + "@example.org", Secret{password}, quota)).value();
  }
  Task<Result<Outcome>> take(std::vector<std::string> to) {
    const auto draft = delivery->new_draft();
    const auto fed = co_await draft->feed(kBody);
    if (!fed) co_return std::unexpected(fed.error());
    auto message = co_await draft->finish();
    if (!message) co_return std::unexpected(message.error());
    Transaction out{.id = trace->new_id(),
                    .source = {},
                    .envelope = {.from = address("s@example.com"), .envid = {}},
                    .recipients = {},
                    .received = kReceived};
    if (judged) {
      out.verdict = kVerdict;
      out.elided = {{.begin = 0, .end = kBody.find('\n') + 1}};
      out.junk = true;
    }
    last = out.id;
    for (const auto& one : to) out.recipients.push_back({address(one), {}, {}});
    co_return co_await delivery->deliver(std::move(out), *std::move(message));
  }
  std::vector<std::string> inbox(AccountId id, const std::string& name = "INBOX") {
    const auto session = store->open(id, "x@example.org");
    const auto info = now(session->mailbox(name)).value();
    const auto view = now(session->view(info.id)).value();
    std::vector<std::string> out;
    for (std::size_t i = 0; i < view->size(); ++i) {
      const auto found = now(session->messages({view->at(i).message})).value();
      out.push_back(now(session->read(*found.at(0), 0, 1U << 20U)).value());
    }
    return out;
  }
  void try_now() {
    machine.group().spawn(
        [](queue::Queue& all) -> Task<> { (void)co_await all.retry_now({}); }(*queue));
  }

  ManualCore& machine;
  std::vector<Core*> cores;
  kv::MemoryEngine engine;
  InlinePool pool;
  std::unique_ptr<store::MailStore> store;
  std::unique_ptr<trace::Log> trace;
  std::unique_ptr<directory::Directory> directory;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<Delivery> delivery;
  std::unique_ptr<queue::LocalDelivery> queued;
  Elsewhere elsewhere;
  TraceId last;
  bool judged = false;  ///< What `take` takes is junk, and its first line a forgery.
};

/// Lives one after the other; the machine goes first, with all that was under way.
class QueuedDeliveryTest : public ::testing::Test {
 protected:
  QueuedDeliveryTest() {
    start({});
    EXPECT_TRUE(life().now(life().directory->add_domain({.name = "example.org"})));
  }
  ~QueuedDeliveryTest() override { end(); }
  void end() {
    life().queue->stop();
    machine_->advance(2s);
    machine_.reset();
    lives_.clear();
  }
  /// Time begins again too.
  void begin_again(const kv::MemoryDisk& disk) {
    end();
    machine_ = std::make_unique<ManualCore>(1);
    start(disk);
  }
  void start(const kv::MemoryDisk& disk) {
    lives_.push_back(std::make_unique<Life>(*machine_, disk));
  }
  void crash(std::uint64_t seed) {
    const auto disk = life().engine.crash(seed);
    life().queue->stop();
    start(disk);
  }
  Life& life() { return *lives_.back(); }
  /// bob had no room for a message to him and ann; now he has.
  void let_bob_wait() {
    ann_ = life().add("ann");
    bob_ = life().add("bob", 100);
    ASSERT_TRUE(life().now(life().take({"ann@example.org", "bob@example.org"})));
    ASSERT_THAT(life().inbox(bob_), IsEmpty());
    ASSERT_EQ(life().queue->stats().waiting, 1U);
    ASSERT_TRUE(life().now(life().store->set_quota(bob_, 0)));
    life().try_now();
  }

  std::vector<std::unique_ptr<Life>> lives_;
  std::unique_ptr<ManualCore> machine_ = std::make_unique<ManualCore>(1);
  AccountId ann_;
  AccountId bob_;
};

TEST_F(QueuedDeliveryTest, WhoHadToWaitGetsTheSameMessage) {
  let_bob_wait();
  machine_->advance(5s);
  EXPECT_THAT(life().inbox(bob_), ElementsAre("Return-Path: <s@example.com>\r\n"
                                              "Delivered-To: bob@example.org\r\n" +
                                              kReceived + kBody));
  EXPECT_THAT(life().inbox(ann_), SizeIs(1));
  EXPECT_EQ(life().queue->stats().waiting, 0U);
  std::set<trace::Kind> told;
  for (const auto& event : life().now(life().trace->events(life().last)).value())
    told.insert(event.kind);
  EXPECT_TRUE(told.contains(trace::Kind::sent));
  EXPECT_TRUE(told.contains(trace::Kind::delivered));
}

TEST_F(QueuedDeliveryTest, AVerdictHoldsForThoseWhoHadToWaitToo) {
  life().judged = true;
  let_bob_wait();
  machine_->advance(5s);
  const auto shown = kBody.substr(kBody.find('\n') + 1);
  const std::string fields = kVerdict + kReceived;
  EXPECT_THAT(life().inbox(ann_, "Junk"), ElementsAre("Return-Path: <s@example.com>\r\n"
                                                      "Delivered-To: ann@example.org\r\n" +
                                                      fields + shown));
  EXPECT_THAT(life().inbox(bob_, "Junk"), ElementsAre("Return-Path: <s@example.com>\r\n"
                                                      "Delivered-To: bob@example.org\r\n" +
                                                      fields + shown));
  EXPECT_THAT(life().inbox(ann_), IsEmpty());
}

TEST_F(QueuedDeliveryTest, JunkIsNotPassedOnToOthers) {
  ann_ = life().add("ann");
  ASSERT_TRUE(life().now(life().directory->put_alias(
      {.address = "team@example.org", .members = {"ann@example.org", "carl@example.com"}})));
  life().judged = true;
  ASSERT_TRUE(life().now(life().take({"team@example.org"})));
  machine_->advance(5s);
  EXPECT_THAT(life().inbox(ann_, "Junk"), SizeIs(1));
  EXPECT_THAT(life().elsewhere.took, IsEmpty());
  EXPECT_EQ(life().queue->stats().held, 1U);
}

TEST_F(QueuedDeliveryTest, APowerCutAtAnyStepMakesNoSecondCopyAndLosesNone) {
  let_bob_wait();
  const auto disk = life().engine.crash();  // everything is on it
  int before = 0;
  int after = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    begin_again(disk);
    life().try_now();
    for (std::uint64_t step = 0; step < seed % 15; ++step) machine_->advance(kStep);
    crash(seed);
    const auto copies = life().inbox(bob_).size();
    EXPECT_LE(copies, 1U);
    (copies == 0 ? before : after) += 1;
    machine_->advance(10min);
    EXPECT_THAT(life().inbox(bob_), SizeIs(1));
    EXPECT_THAT(life().inbox(ann_), SizeIs(1));
    EXPECT_EQ(life().queue->stats().waiting, 0U);
  }
  EXPECT_GT(before, 5) << "both cases were seen";
  EXPECT_GT(after, 5);
}

TEST_F(QueuedDeliveryTest, ADiskThatFailsAtAnyStepMakesNoSecondCopyAndLosesNone) {
  let_bob_wait();
  const auto disk = life().engine.crash();
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    begin_again(disk);
    life().try_now();
    for (std::uint64_t step = 0; step < seed % 15; ++step) machine_->advance(kStep);
    if (seed % 2 == 0) {
      life().engine.fail_next_sync();
    } else {
      life().engine.fail_next_append();
    }
    machine_->advance(seed % 3 == 0 ? 300ms : 10ms);
    life().engine.reopen(seed);
    if (seed % 5 == 0) crash(seed);
    machine_->advance(20min);
    EXPECT_THAT(life().inbox(bob_), SizeIs(1));
    EXPECT_THAT(life().inbox(ann_), SizeIs(1));
    EXPECT_EQ(life().queue->stats().waiting, 0U);
    EXPECT_EQ(life().queue->stats().bugs, 0U);
  }
}

TEST_F(QueuedDeliveryTest, MoreAccountsThanOneCommitTakesGetTheirsByTheQueue) {
  std::vector<std::string> members;
  for (int i = 0; i < 70; ++i) {
    const auto name = "u" + std::to_string(i);
    life().add(name);
    members.push_back(name + "@example.org");
  }
  ASSERT_TRUE(life().now(life().directory->put_alias(
      {.address = "all@example.org", .members = members, .refusal = {}})));
  const auto outcome = life().now(life().take({"all@example.org"}));
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->placed, SizeIs(64));
  machine_->advance(5s);
  EXPECT_EQ(life().queue->stats().waiting, 0U);
  for (const auto& account : life().directory->accounts())
    EXPECT_THAT(life().inbox(account.id), SizeIs(1)) << account.address;
}

TEST_F(QueuedDeliveryTest, EachRecipientHasAFateOfItsOwn) {
  const auto bob = life().add("bob");
  const auto full = life().add("full", 100);
  const auto fuller = life().add("fuller", 100);
  auto& directory = *life().directory;
  ASSERT_TRUE(life().now(directory.put_alias(
      {.address = "team@example.org",
       .members = {"bob@example.org", "full@example.org", "fuller@example.org", "x@example.com"},
       .refusal = {}})));
  queue::Job job{.id = QueueId{1},
                 .trace = TraceId{7},
                 .domain = "example.org",
                 .envelope = {.from = address("s@example.com"), .envid = {}},
                 .recipients = {},
                 .size = kBody.size(),
                 .expires = machine_->core().clock.now() + 24h,
                 .read = {}};
  for (const auto* const to : {"team@example.org", "full@example.org", "gone@example.org"})
    job.recipients.push_back({.address = address(to), .orcpt = {}, .last_status = {}});
  job.read = [](std::uint64_t at, std::uint64_t) -> Task<Result<std::string>> {
    co_return kBody.substr(at, 20);
  };
  using Kind = queue::RecipientOutcome::Kind;
  std::vector<Kind> settled;
  const queue::Settle settle = [&](const std::vector<queue::RecipientOutcome>& outcomes) {
    settled.clear();
    for (const auto& one : outcomes) settled.push_back(one.kind);
    return kv::Batch{};
  };
  const auto attempt = life().now(life().queued->attempt_local(std::move(job), settle));
  EXPECT_TRUE(attempt.settled);
  EXPECT_THAT(settled, ElementsAre(Kind::sent, Kind::deferred, Kind::failed));
  ASSERT_THAT(attempt.outcomes, SizeIs(3));
  EXPECT_EQ(attempt.outcomes.at(1).status, "4.2.2");
  EXPECT_EQ(attempt.outcomes.at(2).status, "5.1.1");
  EXPECT_THAT(life().inbox(bob), SizeIs(1));
  EXPECT_THAT(life().inbox(full), IsEmpty());
  EXPECT_THAT(life().elsewhere.took, ElementsAre("x@example.com"));
  const auto waiting = life().now(life().queue->list({}, 10)).value();
  ASSERT_THAT(waiting, SizeIs(1)) << "full@ waits where he was, fuller@ in a record of his own";
  std::vector<std::string> who;
  for (const auto& one : waiting.at(0).recipients)
    if (one.state == queue::RecipientState::waiting) who.push_back(smtp::to_string(one.address));
  EXPECT_THAT(who, ElementsAre("fuller@example.org"));
  static_cast<void>(fuller);
}

TEST_F(QueuedDeliveryTest, WhatMayBeAFailureOfTheCommitLeavesDoubt) {
  life().add("bob");
  queue::Job job{.id = QueueId{1},
                 .trace = TraceId{7},
                 .domain = "example.org",
                 .envelope = {.from = address("s@example.com"), .envid = {}},
                 .recipients = {{.address = address("bob@example.org"), .orcpt = {}}},
                 .size = kBody.size(),
                 .expires = machine_->core().clock.now() + 24h,
                 .read = {}};
  for (const auto& [code, doubt] : {std::pair{Errc::corrupt, true},
                                    {Errc::io_failed, true},
                                    {Errc::outcome_unknown, true},
                                    {Errc::unavailable, false}}) {
    job.read = [why = code](std::uint64_t, std::uint64_t) -> Task<Result<std::string>> {
      co_return fail(why);
    };
    const queue::Settle settle = [](const std::vector<queue::RecipientOutcome>&) {
      return kv::Batch{};
    };
    const auto attempt = life().now(life().queued->attempt_local(job, settle));
    EXPECT_FALSE(attempt.settled);
    EXPECT_EQ(attempt.unknown, doubt) << to_string(code);
  }
}

}  // namespace
}  // namespace postern::delivery
