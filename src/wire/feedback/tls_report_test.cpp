#include "feedback/tls_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedback/aggregate.hpp"
#include "feedback/instant.hpp"
#include "feedback/tlsrpt_record.hpp"
#include "text/utf8.hpp"

namespace postern::feedback {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TlsReport report() {
  return {
      .organization_name = "Example",
      .begin = *parse_instant("2026-11-20T00:00:00Z"),
      .end = *parse_instant("2026-11-20T23:59:59Z"),
      .contact_info = "tls@example.org",
      .report_id = "abc123",
      .policies = {{.policy = {.type = TlsPolicyType::sts,
                               .policy_string = {"version: STSv1", "mode: enforce"},
                               .domain = "example.com",
                               .mx_host = {"*.example.com"}},
                    .successful_sessions = 5,
                    .failed_sessions = 2,
                    .failures = {{.result = TlsResult::certificate_expired,
                                  .sending_mta_ip = text::IpAddress::parse("192.0.2.1"),
                                  .receiving_mx_hostname = "mx.example.com",
                                  .receiving_mx_helo = "helo.example.com",
                                  .receiving_ip = text::IpAddress::parse("2001:db8::1"),
                                  .failed_sessions = 2,
                                  .additional_information = "https://example.org/?a",
                                  .failure_reason_code = "X509_V_ERR_CERT_HAS_EXPIRED"},
                                 {.other_result = "some-new-failure", .failed_sessions = 1}}},
                   {.policy = {.type = TlsPolicyType::no_policy_found}, .successful_sessions = 1}}};
}

TEST(FeedbackTlsReport, RoundTripsEverything) {
  const auto parsed = parse_tls_report(print_tls_report(report()));
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->report, report());
  EXPECT_THAT(parsed->notes, IsEmpty());
}

TEST(FeedbackTlsReport, AnyOctetsMakeGoodJson) {
  auto hostile = report();
  hostile.organization_name = "a\xff\"\\\n\0</script>"s;
  const auto json = print_tls_report(hostile);
  EXPECT_TRUE(text::is_utf8(json));
  EXPECT_EQ(parse_tls_report(json)->report.organization_name, "a\uFFFD\"\\ </script>");
}

TEST(FeedbackTlsReport, EveryWordIsReadBack) {
  for (int i = 1; i <= static_cast<int>(TlsResult::sts_webpki_invalid); ++i) {
    const auto result = static_cast<TlsResult>(i);
    EXPECT_EQ(tls_result(to_string(result)), result) << i;
  }
  EXPECT_EQ(tls_result("nonsense"), TlsResult::other);
  EXPECT_EQ(tls_policy_type("TLSA"), TlsPolicyType::tlsa);
}

TEST(FeedbackTlsReport, IsTolerant) {
  const auto parsed = parse_tls_report(
      "\xEF\xBB\xBF {\"organization-name\": \"\xff\", \"policies\": {\"policy\": {\"policy-type\": "
      "\"tlsa\", \"policy-string\": \"3 1 1 AA\", \"mx-host\": \"mx\"}, \"summary\": "
      "{\"total-successful-session-count\": \"12\", \"total-failure-session-count\": 3.0}, "
      "\"failure-details\": {\"sending-mta-ip\": \"nowhere\", \"failed-session-count\": -1},}, "
      "\"date-range\": {\"start-datetime\": \"yesterday\", \"end-datetime\": "
      "\"2026-11-20T12:00:00.25+02:00\"},}");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->report.organization_name, "\uFFFD");
  EXPECT_EQ(parsed->report.end, *parse_instant("2026-11-20T10:00:00Z"));
  const auto& policy = parsed->report.policies.at(0);
  EXPECT_THAT(policy.policy.policy_string, ElementsAre("3 1 1 AA"));
  EXPECT_THAT(policy.policy.mx_host, ElementsAre("mx"));
  EXPECT_EQ(policy.successful_sessions, 12U);
  EXPECT_EQ(policy.failed_sessions, 3U);
  EXPECT_EQ(policy.failures.size(), 1U);
  EXPECT_THAT(parsed->notes, ElementsAre(HasSubstr("'yesterday'"), HasSubstr("'nowhere'"),
                                         HasSubstr("failed-session-count")));
  EXPECT_THAT(parse_tls_report("{\"policies\":null}")->notes, ElementsAre("no date-range"));
}

TEST(FeedbackTlsReport, RefusesWhatIsNoReport) {
  for (const auto* text : {"", "[]", "null", "{}", "{\"policies\":", "<feedback/>", "\"x\""}) {
    const auto parsed = parse_tls_report(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::bad_syntax) << text;
  }
}

TEST(FeedbackTlsReport, HasLimits) {
  const auto code = [](const std::string& json) { return parse_tls_report(json).error().code; };
  EXPECT_EQ(code(std::string(kMaxJson + 1, ' ')), Errc::too_large);
  EXPECT_EQ(code(std::string(kMaxJsonMarks + 1, ',')), Errc::too_large);
  EXPECT_EQ(code("{\"policies\":" + std::string(100'000, '[')), Errc::bad_syntax);
  const auto inside = [](std::size_t depth) {
    return "{\"policies\":[],\"x\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse_tls_report(inside(kMaxJsonDepth - 1)));
  EXPECT_FALSE(parse_tls_report(inside(kMaxJsonDepth)));

  std::string failures = "{}";
  for (std::size_t i = 0; i < kMaxTlsFailures; ++i) failures += ",{}";
  const auto many = parse_tls_report("{\"policies\":[{\"failure-details\":[" + failures + "]}]}");
  ASSERT_TRUE(many);
  EXPECT_EQ(many->report.policies.at(0).failures.size(), kMaxTlsFailures);
  EXPECT_TRUE(many->partial);
  std::string policies = "{}";
  for (std::size_t i = 0; i < kMaxTlsPolicies; ++i) policies += ",{}";
  EXPECT_TRUE(parse_tls_report("{\"policies\":[" + policies + "]}")->partial);
  const auto longest =
      parse_tls_report("{\"policies\":[],\"report-id\":\"" + std::string(100'000, 'x') + "\"}");
  EXPECT_EQ(longest->report.report_id.size(), kMaxText);
}

TEST(FeedbackInstant, ReadsAndPrints) {
  EXPECT_EQ(parse_instant("1970-01-01T00:00:00Z")->time_since_epoch().count(), 0);
  EXPECT_EQ(parse_instant("1970-01-01t01:30:00.999+01:30")->time_since_epoch().count(), 0);
  EXPECT_EQ(parse_instant("1969-12-31 23:00:00-01:00")->time_since_epoch().count(), 0);
  EXPECT_EQ(print_instant(*parse_instant("2026-02-28T23:59:59z")), "2026-02-28T23:59:59Z");
  for (const auto* bad :
       {"", "2026", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00", "2026-1-1T0:0:0Z",
        "2026-01-01T00:00:00+1", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+24:00"})
    EXPECT_FALSE(parse_instant(bad)) << bad;
}

TEST(FeedbackTlsRptRecord, ReadsAddressesAndUris) {
  const auto record = parse_tlsrpt_record(
      "v=TLSRPTv1; rua=mailto:a%2Bb@example.com?subject=x,https://example.com/r , ftp://x.example;"
      " ext=yes; rua=mailto:nobody,MAILTO:c@example.org;");
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_THAT(record->mailto, ElementsAre("a+b@example.com", "c@example.org"));
  EXPECT_THAT(record->https, ElementsAre("https://example.com/r"));
  EXPECT_EQ(record->ignored, 2U);
}

TEST(FeedbackTlsRptRecord, RefusesBrokenOnes) {
  for (const auto* bad :
       {"", "v=tlsrptv1; rua=mailto:a@b", " v=TLSRPTv1; rua=mailto:a@b",
        "v=TLSRPTv1 rua=mailto:a@b", "v=TLSRPTv1; rua", "v=TLSRPTv1; rua=mailto:a@b!10m",
        "v=TLSRPTv1; rua=mailto:a b@c", "v=TLSRPTv1; -x=1; rua=mailto:a@b",
        "v=TLSRPTv1; x=a=b; rua=mailto:a@b"}) {
    EXPECT_FALSE(parse_tlsrpt_record(bad)) << bad;
  }
  // A control cannot be smuggled into an address.
  EXPECT_THAT(parse_tlsrpt_record("v=TLSRPTv1; rua=mailto:a%0D%0A@b.example")->mailto, IsEmpty());
  std::string many = "v=TLSRPTv1; rua=mailto:a@b.example";
  for (int i = 0; i < 20; ++i) many += ",mailto:a@b.example";
  EXPECT_EQ(parse_tlsrpt_record(many)->mailto.size(), kMaxReportUris);
}

TEST(FeedbackTlsRptRecord, OneMustRemain) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(pick_tlsrpt_record(Texts{}).error().code, Errc::not_found);
  EXPECT_EQ(pick_tlsrpt_record(Texts{"v=spf1 -all", "v=TLSRPTv10;"}).error().code, Errc::not_found);
  const std::string good = "v=TLSRPTv1; rua=mailto:a@b.example";
  EXPECT_TRUE(pick_tlsrpt_record(Texts{"v=spf1 -all", good}));
  EXPECT_EQ(pick_tlsrpt_record(Texts{good, good}).error().code, Errc::bad_syntax);
}

}  // namespace
}  // namespace postern::feedback
