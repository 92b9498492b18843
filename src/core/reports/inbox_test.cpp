#include "reports/inbox.hpp"

#include <limits>
#include <set>

#include <gmock/gmock.h>

#include "feedback/archive.hpp"
#include "feedback/compose.hpp"
#include "reports/query.hpp"
#include "reports/rig.hpp"
#include "text/base64.hpp"

namespace postern::reports {
namespace {

using namespace std::chrono_literals;
using feedback::Aligned;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

Proof by_dmarc() {
  return {.author = name("reporter.example"), .dmarc_pass = true};
}
Proof by_dkim() {
  return {.author = name("reporter.example"), .dkim = {name("mail.reporter.example")}};
}

class InboxTest : public testing::Test, protected Rig {
 protected:
  /// A report for the day before.
  feedback::AggregateReport report(std::string id = "r1", std::uint64_t count = 5) const {
    feedback::AggregateReport out;
    out.metadata = {.org_name = "Reporter",
                    .email = "x@reporter.example",
                    .report_id = std::move(id),
                    .begin = begin_of(kToday - 1),
                    .end = begin_of(kToday) - 1s};
    out.policy = {.domain = "example.net", .p = feedback::Policy::reject};
    out.records.push_back({.source_ip = text::IpAddress::parse("192.0.2.1"),
                           .count = count,
                           .disposition = feedback::Disposition::none,
                           .dkim = Aligned::pass,
                           .spf = Aligned::fail,
                           .header_from = "example.net"});
    out.records.push_back({.source_ip = text::IpAddress::parse("203.0.113.9"),
                           .count = 3,
                           .disposition = feedback::Disposition::reject,
                           .dkim = Aligned::fail,
                           .spf = Aligned::fail,
                           .header_from = "example.net"});
    return out;
  }
  static feedback::ReportEnvelope envelope() {
    return {.from = {.local = "x", .domain = "reporter.example"},
            .to = {{.local = "dmarc-reports", .domain = "example.net"}},
            .submitter = "reporter.example",
            .domain = "example.net",
            .report_id = "r1",
            .message_id = "1@reporter.example",
            .boundary = "b1",
            .date = {}};
  }
  static std::string mail(const feedback::AggregateReport& what) {
    return feedback::compose_aggregate(envelope(), what).message;
  }
  /// Any octets in the place of the report.
  static std::string mail_with(std::string_view attachment) {
    return "From: x@reporter.example\r\nSubject: Report Domain: example.net\r\n"
           "MIME-Version: 1.0\r\nContent-Type: application/gzip;"
           " name=\"reporter.example!example.net!1!2.xml.gz\"\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n" +
           text::to_base64(attachment) + "\r\n";
  }
  /// As `inbox` takes a mail.
  Inbox::Taken take_by(Inbox& inbox, const std::string& octets, Proof proof = by_dmarc()) {
    const auto content = [&octets] { return as_task(octets); };
    return run(inbox.take(machine_.core(), octets.size(), content, std::move(proof)));
  }
  static Task<Result<std::string>> as_task(std::string octets) { co_return octets; }
  Inbox::Taken take(const std::string& octets, Proof proof = by_dmarc()) {
    return take_by(reports_->inbox(), octets, std::move(proof));
  }
  Inbox::Taken keep(std::string octets, Proof proof = by_dmarc()) {
    auto out = take(std::move(octets), std::move(proof));
    const auto ticket = run(engine_->append(std::move(out.batch), kv::Engine::Purpose::adds_mail));
    EXPECT_TRUE(run(engine_->durable(ticket.value())));
    return out;
  }
  DmarcAnswer ask(Question question = {}) {
    return run(ask_dmarc(*engine_, std::move(question))).value();
  }
};

TEST_F(InboxTest, KeepsAReportAndSumsItUp) {
  EXPECT_EQ(keep(mail(report())).fact, "aggregate for example.net by reporter.example, 2 rows");
  keep(mail(report("r2", 7)), {.author = name("other.example"), .dmarc_pass = true});
  const auto answer = ask({.domain = "example.net"});
  EXPECT_EQ(answer.count, 2U);
  ASSERT_THAT(answer.sources, SizeIs(2));
  const auto& first = answer.sources.front();
  EXPECT_EQ(first.ip, text::IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(first.messages, 12U);
  EXPECT_EQ(first.dkim_pass, 12U);
  EXPECT_EQ(first.spf_pass, 0U);
  EXPECT_EQ(first.passed, 12U);
  EXPECT_THAT(first.reporters, SizeIs(2));
  EXPECT_EQ(answer.sources.back().rejected, 6U);
  EXPECT_EQ(answer.reports.front().proof, "dmarc");
  EXPECT_FALSE(answer.cut);
  EXPECT_THAT(ask({.domain = "example.com"}).sources, IsEmpty());
  EXPECT_THAT(ask({.since = begin_of(kToday)}).sources, IsEmpty());
}

TEST_F(InboxTest, StrangersAreNotBelieved) {
  const auto octets = mail(report());
  EXPECT_EQ(take(octets, {}).fact, "ignored: not authenticated");
  EXPECT_TRUE(take(octets, {}).batch.empty());
  EXPECT_EQ(take(octets, {.author = name("reporter.example")}).fact, "ignored: not authenticated");
  EXPECT_EQ(
      take(octets, {.author = name("reporter.example"), .dkim = {name("mailer.example")}}).fact,
      "ignored: not authenticated");
  EXPECT_EQ(take(octets, {.author = name("reporter.example"), .spf = name("example.com")}).fact,
            "ignored: not authenticated");
  EXPECT_THAT(take(octets, by_dkim()).fact, StartsWith("aggregate"));
  EXPECT_THAT(
      take(octets, {.author = name("reporter.example"), .spf = name("mx.reporter.example")}).fact,
      StartsWith("aggregate"));
}

TEST_F(InboxTest, TheSameReportIsKeptOnce) {
  keep(mail(report()));
  EXPECT_EQ(take(mail(report())).fact, "ignored: known already");
  // Of somebody else it is another.
  EXPECT_THAT(take(mail(report()), {.author = name("other.example"), .dmarc_pass = true}).fact,
              StartsWith("aggregate"));
  EXPECT_EQ(reports_->inbox().stats().repeated, 1U);
}

TEST_F(InboxTest, OnlyWhatIsOursAndCanBeIsKept) {
  auto foreign = report();
  foreign.policy.domain = "example.com";
  EXPECT_EQ(take(mail(foreign)).fact, "ignored: about no domain of ours");
  auto future = report();
  future.metadata.end = begin_of(kToday + 400);
  EXPECT_EQ(take(mail(future)).fact, "ignored: about a time that cannot be");
  auto past = report();
  past.metadata.begin = past.metadata.end = begin_of(100);
  EXPECT_EQ(take(mail(past)).fact, "ignored: about a time that cannot be");
  EXPECT_EQ(take("Subject: hello\r\n\r\nGood day\r\n").fact, "ignored: no report in it");
  EXPECT_THAT(take(mail_with("garbage")).fact, StartsWith("ignored: it cannot be read"));
}

TEST_F(InboxTest, ArchivesAndEntitiesDoNotGrowBeyondTheirBounds) {
  const std::string bomb(std::size_t{64} << 20U, 'a');
  EXPECT_THAT(take(mail_with(feedback::gzip(bomb))).fact, StartsWith("ignored: it cannot be read"));
  const std::string entities =
      "<?xml version=\"1.0\"?><!DOCTYPE feedback [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
      "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
      "<feedback><report_metadata><org_name>&c;</org_name><report_id>x</report_id>"
      "<date_range><begin>1727913600</begin><end>1727999999</end></date_range></report_metadata>"
      "<policy_published><domain>example.net</domain></policy_published></feedback>";
  ASSERT_EQ(begin_of(kToday - 1).time_since_epoch(), 1'727'913'600s);
  auto plain = entities;
  plain.erase(plain.find("<!DOCTYPE"), plain.find("<feedback>") - plain.find("<!DOCTYPE"));
  plain.replace(plain.find("&c;"), 3, "Reporter");
  EXPECT_THAT(keep(mail_with(feedback::gzip(plain))).fact, StartsWith("aggregate"));
  // Whatever is made of the other, nothing grows.
  if (!take(mail_with(feedback::gzip(entities))).batch.empty())
    keep(mail_with(feedback::gzip(entities)));
  for (const auto& one : ask().reports) EXPECT_LT(one.org_name.size(), 20U);
}

TEST_F(InboxTest, AnswersAboutOneReporter) {
  keep(mail(report("r1", 5)));
  keep(mail(report("r2", 7)), {.author = name("mx.other.example"), .dmarc_pass = true});
  EXPECT_EQ(ask({.reporter = "reporter.example"}).sources.front().messages, 5U);
  EXPECT_EQ(ask({.reporter = "other.example"}).sources.front().messages, 7U);
  EXPECT_THAT(ask({.reporter = "example"}).reports, SizeIs(2));
  EXPECT_THAT(ask({.reporter = "ther.example"}).reports, IsEmpty());
}

TEST_F(InboxTest, CountsThatAreTooLargeStopAtTheLargest) {
  keep(mail(report("r1", std::numeric_limits<std::uint64_t>::max())));
  keep(mail(report("r2", std::numeric_limits<std::uint64_t>::max() - 1)));
  EXPECT_EQ(ask().sources.front().messages, std::numeric_limits<std::uint64_t>::max());
}

TEST_F(InboxTest, OfVeryManyRowsTheFirstAreKept) {
  auto many = report();
  many.records.assign(kMaxKeptRows + 1000, many.records.front());
  EXPECT_THAT(keep(mail(many)).fact, HasSubstr("5000 rows, not whole"));
  EXPECT_TRUE(ask().reports.front().partial);
}

TEST_F(InboxTest, AReporterHasItsShareOfADay) {
  Inbox inbox{*engine_, machine_.clock(), pool_,
              Inbox::Judge{[](const std::string&) { return true; }, {}},
              Inbox::Limits{.reports_per_reporter = 2}};
  const auto fact = [&](std::string id) {
    return take_by(inbox, mail(report(std::move(id)))).fact;
  };
  EXPECT_THAT(fact("1"), StartsWith("aggregate"));
  EXPECT_THAT(fact("2"), StartsWith("aggregate"));
  EXPECT_EQ(fact("3"), "ignored: too many from reporter.example today");
  machine_.clock().advance(Days{1});
  EXPECT_THAT(fact("4"), StartsWith("aggregate"));
}

TEST_F(InboxTest, LargeReportsOfOneDoNotDisplaceThoseOfOthers) {
  Inbox inbox{*engine_, machine_.clock(), pool_,
              Inbox::Judge{[](const std::string&) { return true; }, {}},
              Inbox::Limits{.bytes_per_reporter = 1000}};
  int kept = 0;
  for (int i = 0; i < 20; ++i) {
    const auto author = name("a" + std::to_string(i) + ".reporter.example");
    const auto taken =
        take_by(inbox, mail(report(std::to_string(i))), {.author = author, .dmarc_pass = true});
    if (!taken.batch.empty()) ++kept;
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 20);
  EXPECT_THAT(
      take_by(inbox, mail(report()), {.author = name("good.example"), .dmarc_pass = true}).fact,
      StartsWith("aggregate"));
}

TEST_F(InboxTest, OneReporterCannotFillTheTable) {
  for (int part = 0; part < 3; ++part) {
    auto many = report("m" + std::to_string(part));
    many.records.assign(600, many.records.front());
    for (std::size_t i = 0; i < many.records.size(); ++i) {
      many.records[i].source_ip =
          text::IpAddress::parse("10." + std::to_string(part) + "." + std::to_string(i / 250) +
                                 "." + std::to_string(i % 250));
    }
    keep(mail(many),
         {.author = name("a" + std::to_string(part) + ".evil.example"), .dmarc_pass = true});
  }
  const auto before = ask();
  EXPECT_TRUE(before.cut);
  EXPECT_THAT(before.sources, SizeIs(kMaxSources));
  keep(mail(report("r1", 1'000'000)));
  const auto after = ask();
  EXPECT_EQ(after.sources.front().messages, 1'000'000U);
}

TEST_F(InboxTest, OfATlsReportOnlyWhatIsOursIsKept) {
  feedback::TlsReport tls{.organization_name = "Reporter",
                          .begin = begin_of(kToday - 1),
                          .end = begin_of(kToday) - 1s,
                          .report_id = "t1"};
  for (const auto* domain : {"other.example", "Example.NET"}) {
    tls.policies.push_back(
        {.policy = {.type = feedback::TlsPolicyType::no_policy_found, .domain = domain},
         .successful_sessions = 9});
  }
  keep(feedback::compose_tls(envelope(), tls).message, by_dkim());
  const auto answer = run(ask_tls(*engine_, {})).value();
  ASSERT_THAT(answer.policies, SizeIs(1));
  EXPECT_EQ(answer.policies.at(0).domain, "example.net");
  EXPECT_EQ(answer.reports.at(0).count, 9U);
  EXPECT_THAT(run(ask_tls(*engine_, {.domain = "other.example"})).value().policies, IsEmpty());
  // A signature by a key for TLS reports alone proves these, and nothing else.
  const Proof only{.author = name("reporter.example"), .tls_dkim = {name("reporter.example")}};
  tls.report_id = "t2";
  EXPECT_THAT(keep(feedback::compose_tls(envelope(), tls).message, only).fact, StartsWith("TLS"));
  EXPECT_EQ(take(mail(report()), only).fact, "ignored: not authenticated");
  // Nor when it calls itself one.
  auto disguised = mail_with(feedback::gzip(feedback::print_aggregate(report())));
  disguised.replace(disguised.find("application/gzip"), 16, "application/tlsrpt+gzip");
  EXPECT_EQ(take(disguised, only).fact, "ignored: not authenticated");
  EXPECT_THAT(take(disguised, by_dkim()).fact, StartsWith("aggregate"));
}

TEST_F(InboxTest, TlsReportsNeedASignature) {
  feedback::TlsReport tls{.organization_name = "Reporter",
                          .begin = begin_of(kToday - 1),
                          .end = begin_of(kToday) - 1s,
                          .report_id = "t1"};
  tls.policies.push_back(
      {.policy = {.type = feedback::TlsPolicyType::no_policy_found, .domain = "example.net"},
       .successful_sessions = 9,
       .failed_sessions = 1,
       .failures = {{.result = feedback::TlsResult::certificate_expired,
                     .receiving_mx_hostname = "mx.example.net",
                     .failed_sessions = 1}}});
  const auto octets = feedback::compose_tls(envelope(), tls).message;
  EXPECT_EQ(take(octets, by_dmarc()).fact, "ignored: not authenticated");
  EXPECT_EQ(keep(octets, by_dkim()).fact, "TLS for example.net by reporter.example");
  const auto answer = run(ask_tls(*engine_, {.domain = "example.net"})).value();
  ASSERT_THAT(answer.policies, SizeIs(1));
  EXPECT_EQ(answer.policies.at(0).successful, 9U);
  EXPECT_EQ(answer.policies.at(0).failures.at({"mx.example.net", "certificate-expired"}), 1U);
}

TEST_F(InboxTest, FailureReportsAreKeptAsTheyAre) {
  const std::string octets =
      "From: x@reporter.example\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
      "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
      "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
      "Feedback-Type: auth-failure\r\nVersion: 1\r\nUser-Agent: x/1\r\nAuth-Failure: dmarc\r\n"
      "Source-IP: 192.0.2.77\r\nReported-Domain: example.net\r\n\r\n"
      "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
      "From: forged@example.net\r\nSubject: money\r\nMessage-ID: <m@x>\r\n\r\n--b--\r\n";
  EXPECT_EQ(keep(octets).fact, "failure for example.net by reporter.example");
  const auto answer = run(ask_failures(*engine_, {.domain = "example.net"})).value();
  ASSERT_THAT(answer.messages, SizeIs(1));
  const auto failure = answer.messages.at(0).failure.value_or(FailedMessage{});
  EXPECT_EQ(failure.subject, "money");
  EXPECT_EQ(failure.auth_failure, "dmarc");
}

TEST_F(InboxTest, MailThatIsReadTakesBoundedMemory) {
  const auto one = mail(report());
  Inbox inbox{*engine_, machine_.clock(), pool_,
              Inbox::Judge{[](const std::string&) { return true; }, {}},
              Inbox::Limits{.memory = one.size() + 10, .patience = Duration{0}}};
  // While a mail is read, there is no room for a second; then there is.
  std::string second;
  const auto content = [&]() -> Task<Result<std::string>> {
    auto taken =
        co_await inbox.take(machine_.core(), one.size(), [] { return as_task({}); }, by_dmarc());
    second = std::move(taken.fact);
    co_return one;
  };
  EXPECT_THAT(run(inbox.take(machine_.core(), one.size(), content, by_dmarc())).fact,
              StartsWith("aggregate"));
  EXPECT_EQ(second, "ignored: too much to do");
  EXPECT_EQ(inbox.stats().too_many, 1U);
  EXPECT_THAT(take_by(inbox, mail(report("r2"))).fact, StartsWith("aggregate"));
  EXPECT_EQ(take_by(inbox, std::string(one.size() + 11, 'x')).fact, "ignored: too large");
}

TEST_F(InboxTest, AMailWaitsForMemoryAMoment) {
  const auto one = mail(report());
  const auto two = mail(report("r2"));
  Inbox inbox{*engine_, machine_.clock(), pool_,
              Inbox::Judge{[](const std::string&) { return true; }, {}},
              Inbox::Limits{.memory = one.size() + 10}};
  std::optional<Inbox::Taken> second;
  const auto more = [&two] { return as_task(two); };
  const auto wait = [&]() -> Task<> {
    second = co_await inbox.take(machine_.core(), two.size(), more, by_dmarc());
  };
  const auto content = [&]() -> Task<Result<std::string>> {
    machine_.group().spawn(wait());
    co_await sleep(machine_.core(), 50ms);
    EXPECT_FALSE(second);
    co_return one;
  };
  run(inbox.take(machine_.core(), one.size(), content, by_dmarc()));
  machine_.advance(1s);
  ASSERT_TRUE(second);
  EXPECT_THAT(second->fact, StartsWith("aggregate"));
}

TEST_F(InboxTest, ABugInReadingCostsTheReportNotTheMail) {
  Inbox inbox{*engine_, machine_.clock(), pool_,
              Inbox::Judge{[](const std::string&) -> bool { throw std::runtime_error{"odd"}; }, {}},
              Inbox::Limits{}};
  EXPECT_EQ(take_by(inbox, mail(report())).fact, "ignored: a bug: odd");
  EXPECT_EQ(inbox.stats().ignored, 1U);
}

TEST_F(InboxTest, AsksForTheMailOnlyIfSomethingIsProven) {
  const auto content = [] {
    ADD_FAILURE() << "asked for";
    return as_task({});
  };
  EXPECT_EQ(run(reports_->inbox().take(machine_.core(), 100, content,
                                       {.author = name("reporter.example")}))
                .fact,
            "ignored: not authenticated");
}

TEST_F(InboxTest, AMailThatCannotBeReadBackIsMailAllTheSame) {
  const auto content = []() -> Task<Result<std::string>> { co_return fail(Errc::corrupt); };
  EXPECT_THAT(run(reports_->inbox().take(machine_.core(), 100, content, by_dmarc())).fact,
              StartsWith("ignored: it cannot be read back"));
}

TEST_F(InboxTest, OfTooManyReportsTheNewestAreKept) {
  std::size_t octets = 0;
  for (const int age : {3, 1, 2}) {
    auto aged = report("r" + std::to_string(age));
    aged.metadata.begin -= Days{age};
    aged.metadata.end -= Days{age};
    octets = take(mail(aged)).batch.bytes();
    keep(mail(aged));
  }
  const auto ids_after = [this](std::size_t limit) {
    Ledger ledger{*engine_, machine_.clock(), limit};
    machine_.group().spawn(ledger.sweep());
    machine_.advance(1s);
    sync();
    std::set<std::string> ids;
    for (const auto& one : ask().reports) ids.insert(one.report_id);
    return ids;
  };
  EXPECT_THAT(ids_after(3 * octets), SizeIs(3));
  EXPECT_THAT(ids_after(3 * octets - 1), testing::ElementsAre("r1", "r2"));
  EXPECT_THAT(ids_after(octets - 1), IsEmpty());
}

TEST_F(InboxTest, AnAnswerAboutTlsIsBounded) {
  for (int part = 0; part < 4; ++part) {
    Received report{.topic = Topic::tls, .reporter = "reporter.example", .domain = "example.net"};
    report.report_id = "t" + std::to_string(part);
    report.begin = begin_of(kToday - 1);
    report.end = begin_of(kToday) - 1s;
    for (int policy = 0; policy < 3; ++policy) {
      auto& one = report.tls.emplace_back();
      one.policy.domain = "d" + std::to_string(3 * part + policy) + ".example";
      for (int mx = 0; mx < 1000; ++mx) {
        auto& failure = one.failures.emplace_back();
        failure.receiving_mx_hostname = "mx" + std::to_string(mx);
        failure.failed_sessions = 1;
      }
    }
    kv::Batch batch;
    batch.put(received_key(report), encode_received(report));
    EXPECT_TRUE(run(engine_->append(std::move(batch), kv::Engine::Purpose::adds_mail)));
  }
  sync();
  const auto answer = run(ask_tls(*engine_, {})).value();
  std::size_t failures = 0;
  for (const auto& line : answer.policies) failures += line.failures.size();
  EXPECT_EQ(failures, 10'000U);
  EXPECT_EQ(answer.policies.size(), 12U);
  EXPECT_TRUE(answer.cut);
}

TEST(IsReport, KnowsThemByTheirShape) {
  EXPECT_FALSE(is_report(mime::parse("Subject: hello\r\n\r\nGood day\r\n").value()));
  EXPECT_TRUE(is_report(mime::parse("Content-Type: application/tlsrpt+gzip\r\n"
                                    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n")
                            .value()));
}

}  // namespace
}  // namespace postern::reports
