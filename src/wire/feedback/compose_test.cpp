#include "feedback/compose.hpp"

#include <algorithm>
#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedback/archive.hpp"
#include "feedback/recognise.hpp"
#include "feedback/tally.hpp"
#include "mime/builder.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

ReportEnvelope envelope() {
  return {.from = {.name = "Postern", .local = "reports", .domain = "mx.example.org"},
          .to = {{.local = "dmarc", .domain = "example.com"}},
          .submitter = "mx.example.org",
          .domain = "example.com",
          .report_id = "4f2a",
          .message_id = "4f2a@mx.example.org",
          .boundary = "b0undary",
          .date = {.time = at(1'700'100'000)}};
}

AggregateRecord row(int i) {
  const auto n = std::to_string(i);
  return {
      .source_ip = text::IpAddress::parse("192.0.2." + std::to_string(i % 256)),
      .count = 1,
      .disposition = Disposition::none,
      .dkim = Aligned::pass,
      .spf = Aligned::fail,
      .header_from = "h" + std::to_string(static_cast<unsigned>(i) * 2654435761U) + ".example.com",
      .dkim_results = {{"d" + n + ".example", "s" + n, AuthResult::pass, ""}}};
}

AggregateReport report(int rows = 1) {
  AggregateReport out{.metadata = {.org_name = "Example",
                                   .email = "reports@mx.example.org",
                                   .report_id = "4f2a",
                                   .begin = at(1'700'006'400),
                                   .end = at(1'700'092'799)},
                      .policy = {.domain = "example.com", .p = Policy::none}};
  for (int i = 0; i < rows; ++i) out.records.push_back(row(i));
  return out;
}

void expect_sound(const ReportMail& mail) {
  EXPECT_TRUE(text::is_ascii(mail.message));
  for (const auto line : text::split(mail.message, '\n')) {
    EXPECT_LE(line.size(), 998U);
    EXPECT_TRUE(line.empty() || line.back() == '\r');
  }
}

Result<AnyReport> read(std::string_view bytes) {
  const auto message = mime::parse(bytes);
  const auto found = recognise(*message);
  if (!found) return fail(Errc::not_found);
  return extract(*found, read_from(bytes));
}

TEST(FeedbackCompose, AggregateMailIsWhatReadersExpect) {
  const auto mail = compose_aggregate(envelope(), report());
  expect_sound(mail);
  EXPECT_EQ(mail.file_name, "mx.example.org!example.com!1700006400!1700092799!4f2a.xml.gz");
  const auto message = mime::parse(mail.message);
  EXPECT_EQ(message->envelope.subject,
            "Report Domain: example.com Submitter: mx.example.org Report-ID: <4f2a>");
  EXPECT_EQ(message->message_id, "<4f2a@mx.example.org>");
  ASSERT_EQ(message->root.children.size(), 2U);
  const auto& part = message->root.children.at(1);
  EXPECT_TRUE(part.is("application", "gzip"));
  EXPECT_EQ(part.disposition, "attachment");
  EXPECT_EQ(part.file_name(), mail.file_name);
  EXPECT_EQ(part.size(), mail.attachment_octets);
  EXPECT_THAT(mail.message, HasSubstr("Auto-Submitted: auto-generated\r\n"));
  const auto back = read(mail.message);
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<ParsedAggregate>(*back).report, report());
}

TEST(FeedbackCompose, TlsMailIsWhatReadersExpect) {
  const TlsReport tls{
      .organization_name = "Example",
      .begin = at(1'700'006'400),
      .end = at(1'700'092'799),
      .contact_info = "a@b",
      .report_id = "4f2a",
      .policies = {{.policy = {.type = TlsPolicyType::tlsa, .domain = "example.com"},
                    .successful_sessions = 3}}};
  const auto mail = compose_tls(envelope(), tls);
  expect_sound(mail);
  EXPECT_EQ(mail.file_name, "mx.example.org!example.com!1700006400!1700092799!4f2a.json.gz");
  EXPECT_THAT(mail.message, HasSubstr("\r\nTLS-Report-Domain: example.com\r\n"
                                      "TLS-Report-Submitter: mx.example.org\r\n"
                                      "TLS-Required: No\r\n"));
  const auto message = mime::parse(mail.message);
  EXPECT_TRUE(message->root.is("multipart", "report"));
  EXPECT_EQ(message->root.param("report-type"), "tlsrpt");
  EXPECT_TRUE(message->root.children.at(0).is("text", "plain"));
  EXPECT_TRUE(message->root.children.at(1).is("application", "tlsrpt+gzip"));
  const auto back = read(mail.message);
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<ParsedTlsReport>(*back).report, tls);
  EXPECT_EQ(unpack(pack_tls(tls)).value(), print_tls_report(tls));
}

TEST(FeedbackCompose, NothingCanBreakOutOfItsPlace) {
  auto hostile = envelope();
  hostile.domain = "a\r\nBcc: x\"!/../b";
  hostile.submitter = "m\0x"s + std::string(5000, 'y');
  hostile.report_id = "id> \r\nX: y";
  const auto mail = compose_aggregate(hostile, report());
  expect_sound(mail);
  EXPECT_THAT(mail.message, Not(HasSubstr("\nBcc")));
  EXPECT_THAT(mail.message, Not(HasSubstr("\nX: y")));
  EXPECT_THAT(mail.file_name, testing::MatchesRegex("[-a-zA-Z0-9.!_]*"));
  EXPECT_EQ(std::ranges::count(mail.file_name, '!'), 3);  // an id with other characters stays out
  EXPECT_TRUE(read(mail.message));
}

TEST(FeedbackCompose, SizeLimits) {
  EXPECT_EQ(parse_size_limit("100"), 100U);
  EXPECT_EQ(parse_size_limit("10m"), 10U * 1024 * 1024);
  EXPECT_EQ(parse_size_limit("1K"), 1024U);
  EXPECT_EQ(parse_size_limit("2g"), 2ULL << 30U);
  EXPECT_EQ(parse_size_limit("16777215t"), 16777215ULL << 40U);
  for (const auto* bad : {"", "m", "-1", "10x", "16777216t", "1 m"})
    EXPECT_FALSE(parse_size_limit(bad)) << bad;
  for (std::size_t n = 0; n < 200; ++n)
    EXPECT_EQ(encoded_octets(n), mime::to_base64_lines(std::string(n, 'x')).size()) << n;
}

TEST(FeedbackSplit, FitsOrSaysSo) {
  const auto whole = report(400);
  const auto size = compose_aggregate(envelope(), whole).attachment_octets;
  const auto one = split_to_fit(whole, size);
  ASSERT_TRUE(one);
  EXPECT_THAT(*one, ElementsAre(whole));

  const auto pieces = split_to_fit(whole, size / 2);
  ASSERT_TRUE(pieces) << pieces.error().detail;
  EXPECT_GT(pieces->size(), 2U);
  std::vector<AggregateRecord> together;
  std::vector<std::string> ids;
  for (const auto& piece : *pieces) {
    EXPECT_LE(compose_aggregate(envelope(), piece).attachment_octets, size / 2);
    EXPECT_EQ(piece.policy, whole.policy);
    ids.push_back(piece.metadata.report_id);
    together.insert(together.end(), piece.records.begin(), piece.records.end());
  }
  EXPECT_EQ(together, whole.records);
  EXPECT_EQ(ids.front(), "4f2ap1");
  EXPECT_EQ(ids.back(), "4f2ap" + std::to_string(ids.size()));

  EXPECT_EQ(split_to_fit(report(1), 10).error().code, Errc::too_large);
  EXPECT_EQ(split_to_fit(whole, size / 30).error().code, Errc::too_large);
}

TEST(FeedbackTally, CountsEqualMessagesTogether) {
  AggregateTally tally;
  EXPECT_TRUE(tally.empty());
  for (int i = 0; i < 30; ++i) tally.add(row(i % 3));
  auto spaced = row(0);
  spaced.header_from += " \t";
  spaced.count = 5;
  tally.add(spaced);
  auto none = row(9);
  none.count = 0;
  tally.add(none);
  EXPECT_EQ(tally.rows(), 3U);
  EXPECT_EQ(tally.messages(), 35U);
  const auto out = tally.report({.org_name = "x"}, {.domain = "d"});
  ASSERT_EQ(out.records.size(), 3U);
  EXPECT_EQ(out.records.at(0).count, 15U);
  EXPECT_THAT(out.metadata.errors, testing::IsEmpty());
}

TEST(FeedbackTally, SaysWhatItLeavesOut) {
  AggregateTally tally{2};
  for (int i = 0; i < 5; ++i) tally.add(row(i));
  tally.add(row(0));
  EXPECT_EQ(tally.rows(), 2U);
  EXPECT_EQ(tally.left_out(), 3U);
  const auto out = tally.report({}, {});
  EXPECT_EQ(out.records.at(0).count, 2U);
  EXPECT_THAT(out.metadata.errors, ElementsAre(HasSubstr("3 further messages")));
}

TEST(FeedbackTally, DoesNotWrapAround) {
  AggregateTally tally;
  auto huge = row(0);
  huge.count = UINT64_MAX - 1;
  tally.add(huge);
  tally.add(huge);
  EXPECT_EQ(tally.messages(), UINT64_MAX);
}

TEST(FeedbackTally, TlsSessions) {
  TlsTally tally{4};
  const TlsPolicy sts{.type = TlsPolicyType::sts, .domain = "example.com"};
  const TlsPolicy none{.type = TlsPolicyType::no_policy_found};
  tally.add_success(sts);
  tally.add_success(sts, 4);
  tally.add_failure(sts, {.result = TlsResult::certificate_expired, .failed_sessions = 2});
  tally.add_failure(sts, {.result = TlsResult::certificate_expired, .failed_sessions = 1});
  tally.add_success(none);
  // One session that failed in two ways.
  tally.add_failed_sessions(sts, 1);
  tally.add_detail(sts, {.result = TlsResult::starttls_not_supported, .failed_sessions = 1});
  tally.add_detail(sts, {.result = TlsResult::validation_failure, .failed_sessions = 1});
  EXPECT_EQ(tally.rows(), 4U);
  EXPECT_EQ(tally.left_out(), 1U);
  tally.add_success({.domain = "one.more"}, 7);
  EXPECT_EQ(tally.left_out(), 8U);

  const auto out = tally.report({.report_id = "id", .policies = {{}}});
  EXPECT_EQ(out.report_id, "id");
  ASSERT_EQ(out.policies.size(), 2U);
  const auto& counted = out.policies.at(0);
  EXPECT_EQ(counted.policy, sts);
  EXPECT_EQ(counted.successful_sessions, 5U);
  EXPECT_EQ(counted.failed_sessions, 4U);
  ASSERT_EQ(counted.failures.size(), 2U);
  EXPECT_EQ(counted.failures.at(0).failed_sessions + counted.failures.at(1).failed_sessions, 4U);
}

}  // namespace
}  // namespace postern::feedback
