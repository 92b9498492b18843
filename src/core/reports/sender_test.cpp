#include "reports/sender.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "feedback/archive.hpp"
#include "feedback/recognise.hpp"
#include "mime/message.hpp"
#include "reports/rig.hpp"

namespace postern::reports {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SenderTest : public testing::Test, protected Rig {
 protected:
  /// The report in a mail that was sent.
  static feedback::AnyReport open(const Sent& mail) {
    const auto message = mime::parse(mail.content);
    const auto found = feedback::recognise(*message).value_or(feedback::Found{});
    EXPECT_NE(found.data, nullptr);
    return feedback::extract(found, feedback::read_from(mail.content)).value();
  }
  static feedback::AggregateReport aggregate(const Sent& mail) {
    return std::get<feedback::ParsedAggregate>(open(mail)).report;
  }
  static feedback::TlsReport tls(const Sent& mail) {
    return std::get<feedback::ParsedTlsReport>(open(mail)).report;
  }
  static constexpr std::size_t kMuch = 3000;
  /// So many rows that hardly shrink.
  void see_much(const std::string& domain) {
    for (std::size_t i = 0; i < kMuch; ++i) {
      auto one = message(domain);
      one.row.header_from = fmt::format("{:016x}{:016x}.{}", hash_of(std::to_string(i)),
                                        hash_of(std::to_string(i + kMuch)), domain);
      reports_->collector().note(std::move(one));
    }
  }
  std::vector<Told> send_now(std::optional<std::string> domain = {}) {
    return run(reports_->sender().send_now(std::move(domain))).value();
  }
};

TEST_F(SenderTest, TellsOnceADayWhatWasSeen) {
  see();
  see();
  see("example.org", "192.0.2.2");
  live(5min);
  EXPECT_THAT(sent_, IsEmpty());  // not before the day is over
  start();
  live(24h);
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_.front().to, "agg@example.org");
  const auto report = aggregate(sent_.front());
  EXPECT_EQ(report.metadata.begin, begin_of(kToday));
  EXPECT_EQ(report.metadata.end, begin_of(kToday + 1) - 1s);
  EXPECT_EQ(report.metadata.email, "noreply@mx.example.net");
  EXPECT_EQ(report.metadata.org_name, "mx.example.net");
  EXPECT_EQ(report.policy.domain, "example.org");
  EXPECT_EQ(report.policy.p, feedback::Policy::reject);
  ASSERT_THAT(report.records, SizeIs(2));
  EXPECT_EQ(report.records.front().count, 2U);
  EXPECT_THAT(sent_.front().content, HasSubstr("Submitter: mx.example.net Report-ID:"));
  restart();
  live(48h);
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(SenderTest, WhatWasStoredSurvivesAndIsSentWithWhatCameAfter) {
  see();
  flush();
  restart();
  see();
  flush();
  live(24h);
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(aggregate(sent_.front()).records.at(0).count, 2U);
}

TEST_F(SenderTest, ACrashLosesNoMoreThanWhatWasNotStored) {
  see();
  flush();
  see();
  restart();
  live(24h);
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(aggregate(sent_.front()).records.at(0).count, 1U);
}

TEST_F(SenderTest, IsSpreadOverTheMorning) {
  for (int i = 0; i < 200; ++i) {
    const auto due = due_time({.day = kToday, .domain = "d" + std::to_string(i)}, "mx.example.net");
    EXPECT_GE(due, Timestamp{begin_of(kToday + 1)} + 15min);
    EXPECT_LT(due, Timestamp{begin_of(kToday + 1)} + 12h);
  }
  const Subject subject{.day = kToday, .domain = "example.org"};
  EXPECT_NE(due_time(subject, "mx.example.net"), due_time(subject, "mx.example.com"));
}

TEST_F(SenderTest, ARecordThatNamesNobodyAnyMoreIsNotToldAgain) {
  see("gone.example");
  live(24h);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(reports_->sender().stats().unwanted, 1U);
  EXPECT_THAT(send_now(), IsEmpty());
}

TEST_F(SenderTest, ThoseOutsideMustWantIt) {
  txt("_dmarc.a.example", "v=DMARC1; p=none; rua=mailto:x@victim.example,mailto:y@willing.example");
  txt("a.example._report._dmarc.willing.example", "v=DMARC1");
  see("a.example");
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().to, testing::ElementsAre("y@willing.example"));
  EXPECT_THAT(told.front().notes, SizeIs(1));
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_.front().to, "y@willing.example");
}

TEST_F(SenderTest, WaitsForDnsThatFails) {
  resolver_.fail("_dmarc.late.example", dns::Type::txt, dns::Outcome::servfail);
  see("late.example");
  live(20h);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_GT(reports_->sender().stats().deferred, 0U);
  resolver_.set("_dmarc.late.example", dns::Type::txt,
                {.status = dns::Status::insecure,
                 .outcome = dns::Outcome::found,
                 .records = {dns::Txt{"v=DMARC1; p=none; rua=mailto:a@late.example"}}});
  start();
  live(4h);
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(SenderTest, ABrokenDestinationDoesNotDelayTheOthersForLong) {
  txt("_dmarc.a.example", "v=DMARC1; p=none; rua=mailto:x@broken.example,mailto:y@a.example");
  resolver_.fail("a.example._report._dmarc.broken.example", dns::Type::txt, dns::Outcome::servfail);
  see("a.example");
  live(13h);
  EXPECT_THAT(sent_, IsEmpty());
  start();
  live(20h);
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_.front().to, "y@a.example");
}

TEST_F(SenderTest, WhatFailsAtShutdownSettlesNothing) {
  resolver_.fail("_dmarc.late.example", dns::Type::txt, dns::Outcome::servfail);
  see("late.example");
  flush();
  reports_->stop();
  const auto told = send_now();
  EXPECT_TRUE(told.empty() || told.front().later);
  Ledger ledger{*engine_, machine_.clock()};
  EXPECT_THAT(run(ledger.open_subjects(kToday)).value(), SizeIs(1));
}

TEST_F(SenderTest, OneThatThrowsDoesNotEndSending) {
  txt("_dmarc.b.example", "v=DMARC1; p=none; rua=mailto:a@b.example");
  see();
  see("b.example");
  queue_throws_for_ = "agg@example.org";
  live(24h);
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_.front().to, "a@b.example");
  EXPECT_EQ(reports_->sender().stats().failed, 1U);
}

TEST_F(SenderTest, WaitsForAStoreThatTakesNothing) {
  see();
  flush();
  engine_->set_low_space(true);
  live(24h);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(reports_->sender().stats().deferred, 0U);
  engine_->set_low_space(false);
  start();
  live(10min);
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(SenderTest, GivesUpInTheEnd) {
  resolver_.fail("_dmarc.late.example", dns::Type::txt, dns::Outcome::servfail);
  see("late.example");
  live(24h * 4);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_THAT(send_now(), IsEmpty());
}

TEST_F(SenderTest, LargeReportsComeInPiecesThatTheirReceiverTakes) {
  txt("_dmarc.small.example", "v=DMARC1; p=none; rua=mailto:a@small.example!32k");
  see_much("small.example");
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_GT(sent_.size(), 1U);
  std::size_t rows = 0;
  std::set<std::string> ids;
  for (const auto& mail : sent_) {
    const auto report = aggregate(mail);
    rows += report.records.size();
    ids.insert(report.metadata.report_id);
    EXPECT_LT(mail.content.size(), 36U * 1024);
  }
  EXPECT_EQ(rows, kMuch);
  EXPECT_EQ(ids.size(), sent_.size());
}

TEST_F(SenderTest, OneReportIsNotManyMails) {
  txt("_dmarc.small.example",
      "v=DMARC1; p=none; rua=mailto:a@small.example!4k,mailto:b@small.example!32k,"
      "mailto:c@small.example!33k,mailto:d@small.example!34k,mailto:e@small.example!35k,"
      "mailto:f@small.example!36k,mailto:g@small.example!37k,mailto:h@small.example!38k");
  see_much("small.example");
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().notes, Contains(HasSubstr("a@small.example: it takes 4096 octets")));
  EXPECT_THAT(told.front().notes, Contains(HasSubstr("too many mails")));
  EXPECT_GT(sent_.size(), 1U);
  EXPECT_LE(sent_.size(), kMaxLetters);
}

TEST_F(SenderTest, AReceiverThatTakesNothingIsLeftOut) {
  txt("_dmarc.tiny.example", "v=DMARC1; p=none; rua=mailto:a@tiny.example!10");
  see("tiny.example");
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().notes, SizeIs(1));
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(SenderTest, SentNowTheRestOfTheDayIsAReportOfItsOwn) {
  see();
  ASSERT_THAT(send_now(), SizeIs(1));
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_THAT(send_now(), IsEmpty());
  machine_.advance(1h);
  see();
  see();
  live(24h);
  ASSERT_THAT(sent_, SizeIs(2));
  const auto first = aggregate(sent_.at(0));
  const auto second = aggregate(sent_.at(1));
  EXPECT_EQ(first.metadata.begin, begin_of(kToday));
  EXPECT_EQ(first.metadata.end + 1s, second.metadata.begin);
  EXPECT_EQ(second.metadata.end, begin_of(kToday + 1) - 1s);
  EXPECT_EQ(first.records.at(0).count, 1U);
  EXPECT_EQ(second.records.at(0).count, 2U);
  EXPECT_NE(first.metadata.report_id, second.metadata.report_id);
}

TEST_F(SenderTest, SendsOneDomainIfOneIsAskedFor) {
  txt("_dmarc.b.example", "v=DMARC1; p=none; rua=mailto:a@b.example");
  see();
  see("b.example");
  EXPECT_THAT(send_now("b.example"), SizeIs(1));
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_.front().to, "a@b.example");
}

TEST_F(SenderTest, NothingLeavesThatIsNotWrittenDown) {
  see();
  flush();
  engine_->fail_next_append();
  const auto told = run(reports_->sender().send_now({}));
  EXPECT_TRUE(!told || told->front().later);
  EXPECT_THAT(sent_, IsEmpty());
  restart();
  EXPECT_THAT(send_now(), SizeIs(1));
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(SenderTest, ASyncThatFailsSendsNothing) {
  see();
  flush();
  engine_->fail_next_sync();
  const auto told = run(reports_->sender().send_now({}));
  EXPECT_TRUE(!told || told->empty() || told->front().later);
  EXPECT_THAT(sent_, IsEmpty());
  restart();
  ASSERT_THAT(send_now(), SizeIs(1));
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(SenderTest, AQueueThatRefusesLosesTheReport) {
  see();
  queue_fails_ = true;
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().to, IsEmpty());
  EXPECT_EQ(reports_->sender().stats().failed, 1U);
  queue_fails_ = false;
  EXPECT_THAT(send_now(), IsEmpty());  // at most once
}

TEST_F(SenderTest, SendsNothingUnlessItIsTo) {
  see();
  reports_->use(std::make_shared<const Settings>());
  live(48h);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(run(reports_->sender().send_now({})).error().code, Errc::not_permitted);
}

TEST_F(SenderTest, TellsOfTls) {
  txt("_smtp._tls.example.org", "v=TLSRPTv1; rua=mailto:tls@example.org,https://x.example/tls");
  EXPECT_EQ(reports_->uploads().check("https://x.example", 1).error().code, Errc::unsupported);
  reports_->collector().note_tls(session());
  reports_->collector().note_tls(session());
  reports_->collector().note_tls(session(feedback::TlsResult::starttls_not_supported));
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().notes, testing::ElementsAre(HasSubstr("https is not spoken")));
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_.front().to, "tls@example.org");
  EXPECT_THAT(sent_.front().content, HasSubstr("TLS-Report-Domain: example.org\r\n"));
  const auto report = tls(sent_.front());
  ASSERT_THAT(report.policies, SizeIs(1));
  EXPECT_EQ(report.policies.at(0).policy.type, feedback::TlsPolicyType::no_policy_found);
  EXPECT_EQ(report.policies.at(0).successful_sessions, 2U);
  EXPECT_EQ(report.policies.at(0).failed_sessions, 1U);
  EXPECT_EQ(report.policies.at(0).failures.at(0).receiving_mx_hostname, "mx.example.org");
}

class UploadTest : public SenderTest {
 protected:
  UploadTest() {
    post_ = [this](std::string url, std::string octets) { return post(url, octets); };
    start();
    txt("_smtp._tls.example.org", "v=TLSRPTv1; rua=https://x.example/tls,https://x.example/tls");
  }
  Task<Result<void>> post(std::string url, std::string octets) {
    const bool is_slow = slow_ > Duration{0} && url.contains("slow");
    posted_.push_back({.to = std::move(url), .content = std::move(octets)});
    if (while_posting_) while_posting_();
    if (is_slow) co_await sleep(machine_.core(), slow_);
    if (refusals_ == 0) co_return Result<void>{};
    --refusals_;
    co_return fail(refusal_, "not today");
  }

  std::vector<Sent> posted_;
  unsigned refusals_ = 0;
  Errc refusal_ = Errc::peer_closed;
  Duration slow_{};
  std::function<void()> while_posting_;
};

TEST_F(UploadTest, TlsReportsAreUploadedWhereThatIsWanted) {
  reports_->collector().note_tls(session(feedback::TlsResult::starttls_not_supported));
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().to, testing::ElementsAre("https://x.example/tls"));
  EXPECT_THAT(told.front().notes, IsEmpty());
  live(1min);
  ASSERT_THAT(posted_, SizeIs(1));
  EXPECT_EQ(posted_.front().to, "https://x.example/tls");
  const auto json = feedback::unpack(posted_.front().content).value();
  const auto report = feedback::parse_tls_report(json).value().report;
  EXPECT_EQ(report.policies.at(0).failed_sessions, 1U);
  EXPECT_EQ(reports_->uploads().stats().sent, 1U);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(UploadTest, AnUploadIsTriedForADay) {
  reports_->collector().note_tls(session());
  refusals_ = 6;
  send_now();
  live(25h);
  EXPECT_THAT(posted_, SizeIs(7));
  EXPECT_EQ(reports_->uploads().stats().sent, 1U);
  EXPECT_EQ(reports_->uploads().stats().failed, 0U);
}

TEST_F(UploadTest, AndThenGivenUp) {
  reports_->collector().note_tls(session());
  refusals_ = 100;
  send_now();
  live(72h);
  EXPECT_THAT(posted_, SizeIs(7));
  EXPECT_EQ(reports_->uploads().stats().failed, 1U);
}

TEST_F(UploadTest, WhatIsNoUseIsNotTriedAgain) {
  reports_->collector().note_tls(session());
  refusals_ = 100;
  refusal_ = Errc::policy_reject;
  send_now();
  live(25h);
  EXPECT_THAT(posted_, SizeIs(1));
  EXPECT_EQ(reports_->uploads().stats().failed, 1U);
}

TEST_F(UploadTest, AUrlThatCannotBeUsedIsSaid) {
  txt("_smtp._tls.b.example", "v=TLSRPTv1; rua=https://[::1]/,https://user@x.example/");
  auto other = session();
  other.domain = "b.example";
  reports_->collector().note_tls(std::move(other));
  const auto told = send_now();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front().to, IsEmpty());
  EXPECT_THAT(told.front().notes, testing::Each(testing::StartsWith("not to https://")));
  EXPECT_THAT(told.front().notes, SizeIs(2));
}

TEST_F(UploadTest, WhatWaitsTakesBoundedMemory) {
  const std::string octets(Uploads::kMostOctets / 2, 'x');
  auto& uploads = reports_->uploads();
  const auto add = [&uploads](const std::string& host, std::string what) {
    return uploads.add({.domain = host, .url = "https://" + host, .octets = std::move(what)});
  };
  EXPECT_TRUE(add("a.example", octets));
  EXPECT_TRUE(add("b.example", octets));
  EXPECT_EQ(add("c.example", "x").error().code, Errc::limit_reached);
  // Also of what is under way and comes back.
  refusals_ = 1;
  std::size_t taken = 0;
  while_posting_ = [&] { taken += add("c.example", "x").has_value() ? 1U : 0U; };
  live(1min);
  EXPECT_EQ(taken, 0U);
  EXPECT_EQ(uploads.stats().sent, 1U);
}

TEST_F(UploadTest, OneOrganisationHasItsShareAndOneAtATime) {
  auto& uploads = reports_->uploads();
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 2 * Uploads::kMostOfOne; ++i) {
    const auto url = "https://h" + std::to_string(i) + ".slow.example/";
    taken += uploads.add({.domain = "x.example", .url = url, .octets = "x"}).has_value() ? 1U : 0U;
  }
  EXPECT_EQ(taken, Uploads::kMostOfOne);
  EXPECT_TRUE(uploads.add({.domain = "y.example", .url = "https://good.example", .octets = "x"}));
  slow_ = 1h;
  live(30min);
  // The slow one has begun once; the other did not wait for it.
  ASSERT_THAT(posted_, SizeIs(2));
  EXPECT_THAT(posted_.at(1).to, HasSubstr("good.example"));
}

TEST_F(UploadTest, ABugInOneIsNoMatterToTheOthers) {
  auto& uploads = reports_->uploads();
  while_posting_ = [this] {
    if (posted_.size() == 1) throw std::runtime_error{"odd"};
  };
  for (const auto* const host : {"a.example", "b.example"}) {
    EXPECT_TRUE(
        uploads.add({.domain = host, .url = "https://" + std::string{host}, .octets = "x"}));
  }
  live(1min);
  EXPECT_EQ(uploads.stats().failed, 1U);
  EXPECT_EQ(uploads.stats().sent, 1U);
}

TEST_F(UploadTest, AStopLosesWhatWaitsAndSaysSo) {
  auto& uploads = reports_->uploads();
  refusals_ = 1;
  EXPECT_TRUE(uploads.add({.domain = "a.example", .url = "https://a.example", .octets = "x"}));
  live(1min);
  EXPECT_EQ(uploads.stats().failed, 1U);
  EXPECT_THAT(sink_.lines, Contains(HasSubstr("the server stops")));
  EXPECT_EQ(uploads.check("https://b.example", 1).error().code, Errc::shutting_down);
}

TEST_F(SenderTest, OldRowsAreErased) {
  see();
  flush();
  machine_.clock().advance(Days{kSeenDays + 2});
  live(1min);
  sync();
  const auto reader = engine_->published();
  const auto page = run(reader->scan({.begin = seen_prefix(), .end = seen_prefix(kToday + 100)}));
  EXPECT_THAT(page->pairs, IsEmpty());
}

}  // namespace
}  // namespace postern::reports
