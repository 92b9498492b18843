#include "trace/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "trace/event_codec.hpp"
#include "trace/stored_log.hpp"

namespace postern::trace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class TraceTest : public ::testing::Test {
 protected:
  Event event(TraceId id, Kind kind, std::string why = "because") {
    return {.id = id,
            .time = machine_.clock().now(),
            .kind = kind,
            .fields = {{"from", "a@example.org"}, {"why", std::move(why)}}};
  }
  /// Commits an event as an ingest does.
  void commit(const Event& what, const std::vector<std::string>& addresses) {
    kv::Batch batch;
    log_->add(batch, what, addresses);
    const auto ticket =
        machine_.run(engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail));
    ASSERT_TRUE(ticket);
    ASSERT_TRUE(machine_.run(engine_.durable(*ticket)));
  }
  std::vector<TraceId> find(std::string address, std::size_t limit = 10) {
    return machine_.run(log_->find(std::move(address), limit)).value();
  }
  std::vector<Kind> kinds(TraceId id) {
    std::vector<Kind> out;
    for (const auto& one : machine_.run(log_->events(id)).value()) out.push_back(one.kind);
    return out;
  }

  ManualCore machine_;
  kv::MemoryEngine engine_;
  std::unique_ptr<Log> log_ = make_log(engine_, machine_.core());
};

TEST_F(TraceTest, IdsAreSixteenDigits) {
  EXPECT_EQ(to_text(TraceId{0xc0ffee}), "0000000000c0ffee");
  EXPECT_EQ(parse_id("0000000000C0FFEE").value(), TraceId{0xc0ffee});
  for (const auto* bad :
       {"", "c0ffee", "0000000000c0ffeg", "00000000000000000", "0000000000000000"})
    EXPECT_FALSE(parse_id(bad)) << bad;
  EXPECT_NE(log_->new_id(), log_->new_id());
}

TEST_F(TraceTest, EveryKindHasAName) {
  for (int kind = 0; kind < std::to_underlying(Kind::note); ++kind)
    EXPECT_NE(to_string(static_cast<Kind>(kind)), "note") << kind;
}

TEST_F(TraceTest, EventsComeBackAsTheyWere) {
  Event before = event(TraceId{7}, Kind::attempt);
  before.fields.emplace_back("odd key", std::string{"\0\xff", 2});
  before.fields.emplace_back("to", "x@example.net");
  before.fields.emplace_back("to", "y@example.net");
  const auto after = decode_event(event_key(before, 3), encode_event(before));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->time, before.time);
  EXPECT_EQ(after->kind, before.kind);
  EXPECT_EQ(after->fields, before.fields);
}

TEST_F(TraceTest, WhatIsNotedIsFoundByAddressToo) {
  auto refused = event(TraceId{7}, Kind::refused);
  refused.fields.emplace_back("peer", "x [192.0.2.1]");
  log_->note(refused, {"a@example.org", "b@example.org", "a@example.org"});
  log_->note(event(TraceId{8}, Kind::attempt));
  EXPECT_THAT(find("B@example.org"), ElementsAre(TraceId{7}));
  EXPECT_THAT(find("a@example.org"), ElementsAre(TraceId{7}));
  EXPECT_THAT(kinds(TraceId{7}), ElementsAre(Kind::refused));
}

TEST_F(TraceTest, DamagedEventsAreRefused) {
  const Event good = event(TraceId{7}, Kind::sent);
  const auto key = event_key(good, 0);
  const auto value = encode_event(good);
  EXPECT_FALSE(decode_event(key.substr(1), value));
  EXPECT_FALSE(decode_event(key + 'x', value));
  EXPECT_FALSE(decode_event(key, value.substr(0, value.size() - 1)));
  EXPECT_FALSE(decode_event(key, std::string{"\x01\x07\x01x", 4})) << "a value without its key";
  EXPECT_FALSE(decode_event(key, std::string{"\x02", 1})) << "of a later release";
}

TEST_F(TraceTest, AKindOfALaterReleaseIsANote) {
  const auto key = event_key(event(TraceId{7}, Kind::sent), 0);
  EXPECT_EQ(decode_event(key, std::string{"\x01\x02\x63", 3}).value().kind, Kind::note);
}

TEST_F(TraceTest, OneReceivedEventCostsFewBytes) {
  kv::Batch batch;
  const Event what{.id = TraceId{7},
                   .time = machine_.clock().now(),
                   .kind = Kind::received,
                   .fields = {{"peer", "mail.example.org [192.0.2.1]"},
                              {"from", "alice@example.org"},
                              {"to", "bob@example.com"},
                              {"size", "4096"}}};
  log_->add(batch, what, {"alice@example.org", "bob@example.com"});
  EXPECT_LT(batch.bytes(), 200U);
}

TEST_F(TraceTest, CommittedEventsAreFoundByIdAndAddress) {
  commit(event(TraceId{7}, Kind::received), {"a@example.org", "B@Example.net", "b@example.net"});
  EXPECT_THAT(kinds(TraceId{7}), ElementsAre(Kind::received));
  EXPECT_THAT(find("A@EXAMPLE.ORG"), ElementsAre(TraceId{7}));
  EXPECT_THAT(find("b@example.net"), ElementsAre(TraceId{7}));
  EXPECT_THAT(find("c@example.net"), IsEmpty());
  EXPECT_THAT(kinds(TraceId{8}), IsEmpty());
}

TEST_F(TraceTest, NewestFirstOverSecondsAndDays) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    commit(event(TraceId{i * 7919 % 6}, Kind::received), {"a@example.org"});
    machine_.advance(i % 2 == 0 ? 30h : Duration{2s});
  }
  // 7919 % 6 == 5: the ids were 5, 4, 3, 2, 1.
  EXPECT_THAT(find("a@example.org"),
              ElementsAre(TraceId{1}, TraceId{2}, TraceId{3}, TraceId{4}, TraceId{5}));
  EXPECT_THAT(find("a@example.org", 2), ElementsAre(TraceId{1}, TraceId{2}));
  EXPECT_THAT(find("a@example.org", 0), IsEmpty());
}

TEST_F(TraceTest, ManyOfOneAddressArePagedThrough) {
  kv::Batch batch;
  for (std::uint64_t i = 1; i <= 500; ++i)
    log_->add(batch, event(TraceId{i}, Kind::received), {"a@example.org"});
  ASSERT_TRUE(machine_.run(engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail)));
  EXPECT_THAT(find("a@example.org", 450), SizeIs(450));
  EXPECT_THAT(find("a@example.org", 1000), SizeIs(500));
}

TEST_F(TraceTest, AnIdIsListedOnceHoweverOftenItConcernsTheAddress) {
  commit(event(TraceId{7}, Kind::received), {"a@example.org"});
  machine_.advance(25h);
  commit(event(TraceId{7}, Kind::bounced), {"a@example.org"});
  EXPECT_THAT(find("a@example.org"), ElementsAre(TraceId{7}));
  EXPECT_THAT(kinds(TraceId{7}), ElementsAre(Kind::received, Kind::bounced));
}

TEST_F(TraceTest, NotesWaitForTheFlushAndNeverSync) {
  log_->note(event(TraceId{7}, Kind::attempt));
  EXPECT_EQ(engine_.stats().appends, 0U);
  ASSERT_TRUE(machine_.run(log_->flush()));
  ASSERT_TRUE(machine_.run(log_->flush()));
  EXPECT_EQ(engine_.stats().appends, 1U);
  EXPECT_EQ(engine_.stats().syncs, 0U);
}

TEST_F(TraceTest, ALookUpShowsWhatWasJustNoted) {
  log_->note(event(TraceId{7}, Kind::attempt));
  log_->note(event(TraceId{7}, Kind::deferred));
  EXPECT_THAT(kinds(TraceId{7}), ElementsAre(Kind::attempt, Kind::deferred));
}

TEST_F(TraceTest, ALookUpWorksOnAStoreThatTakesNothing) {
  commit(event(TraceId{7}, Kind::received), {"a@example.org"});
  log_->note(event(TraceId{7}, Kind::attempt));
  engine_.fail_next_append();
  EXPECT_THAT(kinds(TraceId{7}), ElementsAre(Kind::received));
}

TEST_F(TraceTest, NotesAreBoundedAndTheLossIsTold) {
  const std::string big(StoredLog::kMaxNoted / 4, 'x');
  for (int i = 0; i < 6; ++i) log_->note(event(TraceId{7}, Kind::attempt, big));
  EXPECT_THAT(kinds(TraceId{7}), SizeIs(3));
  EXPECT_LT(engine_.stats().bytes_appended, StoredLog::kMaxNoted + 4096);
}

TEST_F(TraceTest, LookUpsGoBackAsFarAsAnythingIsKept) {
  commit(event(TraceId{7}, Kind::received), {"a@example.org"});
  machine_.advance(24h * 400);
  commit(event(TraceId{8}, Kind::received), {"a@example.org"});
  EXPECT_THAT(find("a@example.org"), ElementsAre(TraceId{8}, TraceId{7}));
  EXPECT_THAT(kinds(TraceId{7}), ElementsAre(Kind::received));
}

TEST_F(TraceTest, WholeDaysExpire) {
  commit(event(TraceId{1}, Kind::received), {"a@example.org"});
  machine_.advance(24h * 3);
  commit(event(TraceId{2}, Kind::received), {"a@example.org"});
  ASSERT_TRUE(machine_.run(log_->expire(24h * 2, 0)));
  EXPECT_THAT(find("a@example.org"), ElementsAre(TraceId{2}));
  EXPECT_THAT(kinds(TraceId{1}), IsEmpty());
  const auto appends = engine_.stats().appends;
  ASSERT_TRUE(machine_.run(log_->expire(24h * 2, 0)));
  EXPECT_EQ(engine_.stats().appends, appends) << "nothing to drop: nothing written";
}

TEST_F(TraceTest, TheOldestDaysGoWhenThereIsTooMuch) {
  const std::string big(100'000, 'x');
  for (std::uint64_t day = 1; day <= 5; ++day) {
    commit(event(TraceId{day}, Kind::received, big), {"a@example.org"});
    ASSERT_TRUE(machine_.run(log_->flush()));
    machine_.advance(24h);
  }
  ASSERT_TRUE(machine_.run(log_->flush()));
  EXPECT_THAT(find("a@example.org"), SizeIs(5));
  ASSERT_TRUE(machine_.run(log_->expire(24h * 90, 250'000)));
  EXPECT_THAT(find("a@example.org"), ElementsAre(TraceId{5}, TraceId{4}));
  ASSERT_TRUE(machine_.run(log_->expire(24h * 90, 250'000)));
  EXPECT_THAT(find("a@example.org"), ElementsAre(TraceId{5}, TraceId{4}))
      << "what went is not counted";
  ASSERT_TRUE(machine_.run(log_->expire(24h * 90, 0)));
  EXPECT_THAT(find("a@example.org"), SizeIs(2));
}

TEST_F(TraceTest, AFloodOfRefusalsIsCounted) {
  auto refused = event(TraceId{7}, Kind::refused);
  refused.fields = {{"peer", "bad [192.0.2.7]"}, {"why", "full"}};
  for (int i = 0; i < 1000; ++i) log_->note(refused);
  EXPECT_THAT(kinds(TraceId{7}), SizeIs(Refusals::kSingly));
  machine_.advance(1min);
  const auto appends = engine_.stats().bytes_appended;
  ASSERT_TRUE(machine_.run(log_->flush()));
  EXPECT_GT(engine_.stats().bytes_appended, appends) << "one event says how many there were";
  EXPECT_LT(engine_.stats().bytes_appended, appends + 500);
}

/// A day that a flood fills keeps what matters longest; commits go on.
TEST_F(TraceTest, TodayIsBoundedToo) {
  constexpr std::uint64_t kMost = 100'000;
  ASSERT_TRUE(machine_.run(log_->expire(24h * 90, kMost)));
  const std::string some(1000, 'x');
  std::uint64_t next = 0;
  const auto note = [&](Kind kind) {
    log_->note(event(TraceId{++next}, kind, some));
    ASSERT_TRUE(machine_.run(log_->flush()));
  };
  const auto shown = [&] { return kinds(TraceId{next}).size(); };
  while (log_->stats().not_kept == 0) {
    machine_.advance(10s);  // or they would be counted, not kept, for their number
    note(Kind::refused);
  }
  EXPECT_GT(engine_.stats().bytes_appended, kMost / 4);
  EXPECT_LT(engine_.stats().bytes_appended, kMost * 3 / 4);
  note(Kind::attempt);
  EXPECT_EQ(shown(), 1U) << "of more worth than a refusal";
  const auto refusals = log_->stats().not_kept;
  while (log_->stats().not_kept == refusals) note(Kind::attempt);
  commit(event(TraceId{++next}, Kind::received, some), {"a@example.org"});
  EXPECT_EQ(shown(), 1U) << "of more worth than a note";
  const auto noted = log_->stats().not_kept;
  while (log_->stats().not_kept == noted)
    commit(event(TraceId{++next}, Kind::received, some), {"a@example.org"});
  kv::Batch mail;
  mail.put("mail", "x");
  log_->add(mail, event(TraceId{++next}, Kind::received, some), {"a@example.org"});
  EXPECT_EQ(mail.ops().size(), 1U) << "the mail's own alone";
  EXPECT_TRUE(machine_.run(engine_.append(std::move(mail), kv::Engine::Purpose::adds_mail)));
  machine_.advance(24h);
  note(Kind::refused);
  EXPECT_EQ(shown(), 1U) << "the next day has room again";
}

TEST_F(TraceTest, ARestartDoesNotForgetHowFullTodayIs) {
  const std::string much(60'000, 'x');
  commit(event(TraceId{1}, Kind::received, much), {"a@example.org"});
  ASSERT_TRUE(machine_.run(log_->flush()));
  log_ = make_log(engine_, machine_.core());
  commit(event(TraceId{2}, Kind::received), {"a@example.org"});  // publishes what was flushed
  ASSERT_TRUE(machine_.run(log_->expire(24h * 90, 100'000)));
  log_->note(event(TraceId{3}, Kind::refused));
  log_->note(event(TraceId{4}, Kind::attempt));
  EXPECT_THAT(kinds(TraceId{3}), IsEmpty());
  EXPECT_THAT(kinds(TraceId{4}), SizeIs(1));
  EXPECT_EQ(log_->stats().not_kept, 1U);
  ASSERT_TRUE(machine_.run(log_->expire(24h * 90, 0)));
  log_->note(event(TraceId{3}, Kind::refused));
  EXPECT_THAT(kinds(TraceId{3}), SizeIs(1)) << "0: any number";
}

}  // namespace
}  // namespace postern::trace
