#include "reports/collector.hpp"

#include <gmock/gmock.h>

#include "reports/observe.hpp"
#include "reports/rig.hpp"

namespace postern::reports {
namespace {

using testing::SizeIs;

class CollectorTest : public testing::Test, protected Rig {
 protected:
  Collector make(Collector::Limits limits) {
    return {*engine_, machine_.clock(), machine_.core().random, limits};
  }
  Account stored(const std::string& domain, Topic topic = Topic::dmarc) {
    sync();
    Ledger ledger{*engine_, machine_.clock()};
    return run(ledger.read({.day = kToday, .topic = topic, .domain = domain})).value();
  }
  std::size_t open() {
    sync();
    Ledger ledger{*engine_, machine_.clock()};
    return run(ledger.open_subjects(kToday))->size();
  }
};

TEST_F(CollectorTest, StoresWhatItCountedInOneRowEach) {
  auto counting = make({});
  for (int i = 0; i < 3; ++i) counting.note(message());
  counting.note(message("example.org", "192.0.2.9"));
  EXPECT_TRUE(run(counting.flush()));
  const auto account = stored("example.org");
  ASSERT_THAT(account.chunks, SizeIs(1));
  ASSERT_THAT(account.chunks.front().rows, SizeIs(2));
  EXPECT_EQ(account.chunks.front().rows.front().count, 3U);
  const auto before = engine_->stats().appends;
  EXPECT_TRUE(run(counting.flush()));  // nothing more
  EXPECT_EQ(engine_->stats().appends, before);
}

TEST_F(CollectorTest, StrangersCannotFillMemoryOrDisk) {
  auto counting = make({.domains = 3, .rows = 2, .stored_rows = 4, .pending_rows = 100});
  for (int domain = 0; domain < 10; ++domain) {
    for (int ip = 0; ip < 10; ++ip) {
      counting.note(
          message("d" + std::to_string(domain) + ".example", "192.0.2." + std::to_string(ip)));
    }
  }
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_EQ(open(), 3U);
  const auto account = stored("d0.example");
  EXPECT_THAT(account.chunks.at(0).rows, SizeIs(2));
  EXPECT_EQ(account.chunks.at(0).left_out, 8U);
  EXPECT_EQ(counting.stats().left_out, 70U);
  for (int again = 0; again < 5; ++again) {
    for (int ip = 0; ip < 10; ++ip)
      counting.note(message("d0.example", "192.0.2." + std::to_string(ip)));
    EXPECT_TRUE(run(counting.flush()));
  }
  std::size_t rows = 0;
  for (const auto& chunk : stored("d0.example").chunks) rows += chunk.rows.size();
  EXPECT_EQ(rows, 4U);
}

TEST_F(CollectorTest, WantsToBeFlushedWhenThereIsMuch) {
  auto counting = make({.pending_rows = 10});
  for (int i = 0; i < 5; ++i) counting.note(message("example.org", "192.0.2." + std::to_string(i)));
  EXPECT_FALSE(counting.wants_flush());
  for (int i = 0; i < 20; ++i)
    counting.note(message("example.org", "192.0.2." + std::to_string(i)));
  EXPECT_TRUE(counting.wants_flush());
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_FALSE(counting.wants_flush());
  EXPECT_THAT(stored("example.org").chunks.at(0).rows, SizeIs(10));
}

TEST_F(CollectorTest, WhatTheStoreDoesNotTakeIsCountedOn) {
  auto counting = make({});
  counting.note(message());
  counting.note_tls(session(feedback::TlsResult::certificate_expired));
  engine_->set_low_space(true);
  EXPECT_FALSE(run(counting.flush()));
  counting.note(message());
  engine_->set_low_space(false);
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_EQ(stored("example.org").chunks.at(0).rows.at(0).count, 2U);
  const auto tls = stored("example.org", Topic::tls);
  EXPECT_EQ(tls.chunks.at(0).tls.at(0).failed_sessions, 1U);
  EXPECT_EQ(tls.chunks.at(0).tls.at(0).failures.at(0).failed_sessions, 1U);
}

TEST_F(CollectorTest, AStoreThatFailsIsToldOfOnce) {
  see();
  engine_->set_low_space(true);
  live(std::chrono::minutes{10});
  EXPECT_EQ(std::ranges::count_if(
                sink_.lines,
                [](const std::string& line) { return line.contains("statistics not stored"); }),
            1);
}

TEST_F(CollectorTest, WhatIsNotStoredTakesNothingOfTheDay) {
  auto counting = make({.stored_rows = 20, .day_bytes = 4096});
  engine_->set_low_space(true);
  for (int i = 0; i < 100; ++i) {
    counting.note(message("example.org", "192.0.2." + std::to_string(i % 3)));
    counting.note_tls(session(feedback::TlsResult::certificate_expired));
    EXPECT_FALSE(run(counting.flush()));
  }
  engine_->set_low_space(false);
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_EQ(counting.stats().left_out, 0U);
  EXPECT_EQ(counting.stats().not_kept, 0U);
  const auto account = stored("example.org");
  ASSERT_THAT(account.chunks.at(0).rows, SizeIs(3));
  std::uint64_t messages = 0;
  for (const auto& row : account.chunks.at(0).rows) messages += row.count;
  EXPECT_EQ(messages, 100U);
  EXPECT_EQ(stored("example.org", Topic::tls).chunks.at(0).tls.at(0).failed_sessions, 100U);
}

TEST_F(CollectorTest, OneOrganisationTakesNoMoreThanItsShare) {
  auto counting = make({.domains = 10, .organisation_domains = 3, .organisation_bytes = 2000});
  for (int i = 0; i < 20; ++i) counting.note(message("d" + std::to_string(i) + ".evil.example"));
  counting.note(message("good.example"));
  for (int i = 0; i < 100; ++i)
    counting.note(message("d0.evil.example", "192.0.2." + std::to_string(i)));
  for (int i = 0; i < 100; ++i) counting.note(message("good.example"));
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_EQ(open(), 4U);
  EXPECT_LT(stored("d0.evil.example").chunks.at(0).rows.size(), 30U);
  EXPECT_GT(stored("d0.evil.example").chunks.at(0).left_out, 0U);
  EXPECT_EQ(stored("good.example").chunks.at(0).rows.at(0).count, 101U);
}

TEST_F(CollectorTest, WhatWaitsIsBoundedByOctets) {
  auto counting = make({.pending_bytes = 10'000});
  for (int i = 0; i < 100; ++i) {
    auto one = message();
    one.row.dkim_results = {{.domain = std::string(200, 'a') + std::to_string(i)}};
    counting.note(std::move(one));
  }
  EXPECT_TRUE(counting.wants_flush());
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_FALSE(counting.wants_flush());
  EXPECT_LT(stored("example.org").chunks.at(0).rows.size(), 50U);
}

TEST_F(CollectorTest, NoValueIsLarge) {
  auto counting = make({});
  for (int i = 0; i < 1000; ++i) {
    auto one = message();
    one.row.dkim_results.assign(5, {.domain = std::string(200, 'a') + std::to_string(i)});
    counting.note(std::move(one));
  }
  EXPECT_TRUE(run(counting.flush()));
  const auto account = stored("example.org");
  EXPECT_GT(account.chunks.size(), 3U);
  for (const auto& chunk : account.chunks)
    EXPECT_LT(encode_chunk(chunk).size(), std::size_t{256} << 10U);
}

TEST_F(CollectorTest, MuchIsStoredInSeveralValues) {
  auto counting = make({});
  for (int i = 0; i < 2500; ++i) {
    auto one = message();
    one.row.envelope_to = "r" + std::to_string(i) + ".example";
    counting.note(std::move(one));
  }
  EXPECT_TRUE(run(counting.flush()));
  EXPECT_THAT(stored("example.org").chunks, SizeIs(3));
}

dmarc::Verdict verdict() {
  dmarc::Verdict out;
  out.result = dmarc::Conclusion::fail;
  out.author = dns::Name::parse("news.example.org").value();
  out.policy_domain = dns::Name::parse("example.org").value();
  out.record =
      dmarc::parse_record("v=DMARC1; p=reject; sp=quarantine; rua=mailto:a@example.org").value();
  out.asked = out.applied = dmarc::Policy::quarantine;
  return out;
}

mailauth::Findings findings(dmarc::Verdict judged = verdict()) {
  mailauth::Findings out;
  out.peer = {.ip = text::IpAddress::parse("192.0.2.1"),
              .helo = "mx.example.org",
              .mail_from = "a@Bounces.example.org"};
  out.spf = {.outcome = spf::Outcome::softfail, .domain = "bounces.example.org"};
  out.dkim.signatures = {{.verdict = dkim::Verdict::fail,
                          .reason = "body altered",
                          .domain = "example.org",
                          .selector = "s1"}};
  out.dmarc = std::move(judged);
  out.disposition.action = dmarc::Action::accept;
  out.disposition.reasons = {{.type = dmarc::Override::mailing_list, .comment = "talk"}};
  return out;
}

std::vector<smtp::Address> to(std::initializer_list<std::string_view> addresses) {
  std::vector<smtp::Address> out;
  for (const auto address : addresses) out.push_back(smtp::parse_address(address).value());
  return out;
}

TEST(Observe, SaysWhatThePolicysOwnerIsTold) {
  using namespace feedback;
  const auto seen =
      observe(findings(), to({"b@example.net", "c@example.net"})).value_or(SeenMessage{});
  EXPECT_EQ(seen.policy.domain, "example.org");
  EXPECT_EQ(seen.policy.p, Policy::reject);
  EXPECT_EQ(seen.policy.sp, Policy::quarantine);
  EXPECT_EQ(seen.policy.adkim, Alignment::relaxed);
  EXPECT_EQ(seen.row.header_from, "news.example.org");
  EXPECT_EQ(seen.row.envelope_from, "bounces.example.org");
  EXPECT_EQ(seen.row.envelope_to, "example.net");
  EXPECT_EQ(seen.row.disposition, Disposition::none);
  EXPECT_EQ(seen.row.dkim, Aligned::fail);
  EXPECT_EQ(seen.row.spf, Aligned::fail);
  EXPECT_EQ(seen.row.reasons.at(0).type, Override::mailing_list);
  EXPECT_EQ(seen.row.reasons.at(0).comment, "mail of a list")
      << "its name is the recipient's matter";
  EXPECT_EQ(seen.row.dkim_results.at(0),
            (DkimAuth{"example.org", "s1", AuthResult::fail, "body altered"}));
  EXPECT_EQ(seen.row.spf_results.at(0),
            (SpfAuth{"bounces.example.org", SpfScope::mfrom, AuthResult::softfail, ""}));
  const auto several = observe(findings(), to({"b@example.net", "c@example.com"}));
  EXPECT_FALSE(several.value_or(SeenMessage{.row = {.envelope_to = ""}}).row.envelope_to);
}

TEST(Observe, TellsOfTheFirstSignatures) {
  auto found = findings();
  found.dkim.signatures.assign(100, found.dkim.signatures.front());
  const auto seen = observe(found, to({"b@example.net"})).value_or(SeenMessage{});
  EXPECT_THAT(seen.row.dkim_results, SizeIs(10));
}

TEST(Observe, APassUnderAPolicyIsOne) {
  auto passed = verdict();
  passed.result = dmarc::Conclusion::pass;
  passed.spf.counts = true;
  auto found = findings(passed);
  found.peer.mail_from.clear();
  const auto seen = observe(found, to({"b@example.net"})).value_or(SeenMessage{});
  EXPECT_EQ(seen.row.disposition, feedback::Disposition::pass);
  EXPECT_EQ(seen.row.spf, feedback::Aligned::pass);
  EXPECT_EQ(seen.row.envelope_from, "");
  EXPECT_EQ(seen.row.spf_results.at(0).scope, feedback::SpfScope::helo);
}

TEST(Observe, ThoseWhoDoNotAskAreNotCounted) {
  auto nobody = verdict();
  nobody.record = dmarc::parse_record("v=DMARC1; p=reject").value();
  EXPECT_FALSE(observe(findings(nobody), {}));
  auto none = verdict();
  none.record.reset();
  EXPECT_FALSE(observe(findings(none), {}));
  auto deferred = findings();
  deferred.disposition.action = dmarc::Action::defer;
  EXPECT_FALSE(observe(deferred, {}));
  auto local = findings();
  local.peer.ip.reset();
  EXPECT_FALSE(observe(local, {}));
}

}  // namespace
}  // namespace postern::reports
