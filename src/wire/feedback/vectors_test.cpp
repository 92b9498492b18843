// Reports as they were sent: tests/data/dmarc_reports and tls_reports, whose README files argue
// each case that is not simply read.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedback/archive.hpp"
#include "feedback/recognise.hpp"
#include "feedback/tlsrpt_record.hpp"
#include "feedback/words.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kDmarc = fs::path{POSTERN_TEST_DATA} / "dmarc_reports";
const fs::path kTls = fs::path{POSTERN_TEST_DATA} / "tls_reports";

std::string slurp(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

Result<AnyReport> read_mail(const fs::path& path) {
  const auto bytes = slurp(path);
  const auto message = mime::parse(bytes);
  const auto found = recognise(*message);
  if (!found) return fail(Errc::not_found, "no report");
  return extract(*found, read_from(bytes));
}

template <class T>
T report_in(const fs::path& path) {
  auto report = read_mail(path);
  EXPECT_TRUE(report) << path << ": " << (report ? "" : report.error().detail);
  const auto* wanted = report ? std::get_if<T>(&*report) : nullptr;
  EXPECT_TRUE(wanted) << path;
  return wanted ? *wanted : T{};
}

Result<ParsedAggregate> read_xml(const std::string& name) {
  auto xml = unpack(slurp(kDmarc / name));
  if (!xml) return std::unexpected(xml.error());
  return parse_aggregate(*xml);
}

// --- in the words of the .json files

template <class E>
json::string capital(E value) {
  auto word = std::string{word_of(value)};
  if (word.empty()) return "Unspecified";
  if (word == "r") word = "relaxed";
  if (word == "s") word = "strict";
  word.at(0) = text::to_upper(word.at(0));
  return json::string{word};
}

json::object describe(const AggregateRecord& record) {
  json::array reasons;
  for (const auto& reason : record.reasons)
    reasons.push_back({{"type_", capital(reason.type)}, {"comment", reason.comment}});
  json::array dkims;
  for (const auto& dkim : record.dkim_results) {
    dkims.push_back({{"domain", dkim.domain},
                     {"selector", dkim.selector},
                     {"result", capital(dkim.result)},
                     {"human_result", dkim.human_result}});
  }
  json::array spfs;
  for (const auto& spf : record.spf_results) {
    auto scope = spf.scope == SpfScope::mfrom ? json::string{"MailFrom"} : capital(spf.scope);
    spfs.push_back({{"domain", spf.domain},
                    {"scope", scope},
                    {"result", capital(spf.result)},
                    {"human_result", spf.human_result}});
  }
  return {{"row",
           {{"source_ip", record.source_ip ? record.source_ip->to_string() : "none"},
            {"count", record.count},
            {"policy_evaluated",
             {{"disposition", capital(record.disposition)},
              {"dkim", capital(record.dkim)},
              {"spf", capital(record.spf)},
              {"reason", reasons}}}}},
          {"identifiers",
           {{"envelope_to", record.envelope_to.value_or("")},
            {"envelope_from", record.envelope_from.value_or("")},
            {"header_from", record.header_from}}},
          {"auth_results", {{"dkim", dkims}, {"spf", spfs}}}};
}

json::object describe(const AggregateReport& report) {
  const auto& metadata = report.metadata;
  const auto& policy = report.policy;
  json::array records;
  for (const auto& record : report.records) records.push_back(describe(record));
  json::array errors;
  for (const auto& error : metadata.errors) errors.emplace_back(error);
  return {{"report_metadata",
           {{"org_name", metadata.org_name},
            {"email", metadata.email},
            {"extra_contact_info", metadata.extra_contact_info},
            {"report_id", metadata.report_id},
            {"date_range",
             {{"begin", metadata.begin.time_since_epoch().count()},
              {"end", metadata.end.time_since_epoch().count()}}},
            {"error", errors},
            {"generator", metadata.generator}}},
          {"policy_published",
           {{"domain", policy.domain},
            {"adkim", capital(policy.adkim)},
            {"aspf", capital(policy.aspf)},
            {"p", capital(policy.p)},
            {"sp", capital(policy.sp)},
            {"np", capital(policy.np)},
            {"testing", policy.testing.value_or(false)},
            {"discovery_method", capital(policy.discovery_method)},
            {"fo", policy.fo}}},
          {"record", records}};
}

/// Every member of `wanted` is in `got`; null is the empty text.
void expect_covers(const json::value& wanted, const json::value& got, const std::string& where) {
  static const std::set<std::string> kNotCompared = {"version", "version_published", "extensions"};
  if (const auto* object = wanted.if_object()) {
    ASSERT_TRUE(got.is_object()) << where;
    for (const auto& [key, value] : *object) {
      const std::string name{key};
      if (kNotCompared.contains(name)) continue;
      const auto* member = got.get_object().if_contains(key);
      ASSERT_TRUE(member) << where << '/' << name;
      expect_covers(value, *member, where + '/' + name);
    }
  } else if (const auto* array = wanted.if_array()) {
    ASSERT_TRUE(got.is_array()) << where;
    ASSERT_EQ(array->size(), got.get_array().size()) << where;
    for (std::size_t i = 0; i < array->size(); ++i)
      expect_covers(array->at(i), got.get_array().at(i), where + '/' + std::to_string(i));
  } else if (wanted.is_null()) {
    EXPECT_EQ(json::serialize(got), "\"\"") << where;
  } else {
    EXPECT_EQ(json::serialize(wanted), json::serialize(got)) << where;
  }
}

TEST(FeedbackVectors, AggregateReportsAreReadAsByMailAuth) {
  for (const std::string name : {"001", "002", "004", "005", "100", "101", "102", "104"}) {
    const auto stem = "mailauth-report-" + name;
    const bool mail = fs::exists(kDmarc / (stem + ".eml"));
    const auto parsed = mail ? report_in<ParsedAggregate>(kDmarc / (stem + ".eml"))
                             : read_xml(stem + ".xml").value_or(ParsedAggregate{});
    EXPECT_FALSE(parsed.partial) << name;
    EXPECT_FALSE(parsed.report.records.empty()) << name;
    auto wanted = json::parse(slurp(kDmarc / (stem + ".json")));
    if (name == "005")  // see README
      wanted.at_pointer("/record/0/row/policy_evaluated/reason/0/type_") = "Sampled_out";
    expect_covers(wanted, describe(parsed.report), name);
  }
}

TEST(FeedbackVectors, TheNamespaceIsSeen) {
  EXPECT_TRUE(read_xml("mailauth-report-004.xml")->rfc9990);
  EXPECT_FALSE(read_xml("mailauth-report-001.xml")->rfc9990);
}

TEST(FeedbackVectors, WrappedReportsAreTheSame) {
  EXPECT_EQ(read_xml("aggregate-nice-input.xml")->report.records.size(), 20U);
  EXPECT_EQ(read_xml("aggregate-nice-input.xml")->report,
            read_xml("aggregate-nice-input.xml.gz")->report);
  const auto plain = read_xml("aggregate-test_dmarc.xml");
  EXPECT_EQ(plain->report.metadata.org_name, "Test Sender");
  EXPECT_EQ(plain->report, read_xml("aggregate-test_dmarc.xml.gz")->report);
  EXPECT_EQ(plain->report, read_xml("aggregate-test_dmarc.xml.zip")->report);
}

TEST(FeedbackVectors, OddReportsAreRead) {
  const auto nameless = read_xml("aggregate-_example.com_1538204542_1538463818.xml");
  EXPECT_EQ(nameless->report.metadata.org_name, "");
  EXPECT_EQ(nameless->report.policy.sp, Policy::reject);
  EXPECT_EQ(nameless->report.policy.pct, 100);
  EXPECT_EQ(nameless->report.records.at(0).spf_results.at(0).result, AuthResult::none);

  const auto reason = read_xml("aggregate-empty_reason.xml");
  EXPECT_TRUE(reason->report.records.at(0).reasons.empty());
  EXPECT_EQ(reason->report.records.at(0).envelope_to, "example.net");
  EXPECT_TRUE(reason->notes.empty());

  const auto stray = read_xml("aggregate-example.net_example.com_1529366400_1529452799.xml");
  EXPECT_EQ(stray->report.policy.fo, "0");
  EXPECT_TRUE(stray->report.records.at(0).dkim_results.empty());

  const auto upper = read_xml("aggregate-report_with_upper_cased_pass.xml");
  EXPECT_EQ(upper->report.records.at(0).dkim, Aligned::pass);
  EXPECT_EQ(upper->report.records.at(0).disposition, Disposition::none);
  EXPECT_EQ(upper->report.metadata.org_name, "example.com");

  const auto bis = read_xml("aggregate-rfc9990-example.net_example.com_1700000000_1700086399.xml");
  EXPECT_EQ(bis->report.policy.testing, true);
  EXPECT_EQ(bis->report.policy.discovery_method, Discovery::treewalk);
  EXPECT_EQ(bis->report.policy.np, Policy::reject);
  EXPECT_EQ(bis->report.records.at(1).reasons.at(0).comment, "sender not authorized");
}

TEST(FeedbackVectors, BrokenReportsAreReadAsFarAsTheyAreWhole) {
  const auto schema = read_xml("aggregate-ikea.com_example.de_1538690400_1538776800.xml");
  ASSERT_TRUE(schema);
  EXPECT_EQ(schema->report.metadata.org_name, "ikea.com");
  ASSERT_EQ(schema->report.records.size(), 1U);
  EXPECT_EQ(schema->report.records.at(0).spf_results.at(0).scope, SpfScope::helo);
  EXPECT_FALSE(schema->partial);
  EXPECT_THAT(schema->notes, ElementsAre(HasSubstr("XML breaks")));

  const auto broken = read_xml("aggregate-invalid_xml.xml");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::bad_syntax);
}

TEST(FeedbackVectors, AggregateMailsAreRead) {
  const auto google = report_in<ParsedAggregate>(
      kDmarc /
      "aggregate-Report_domain-_borschow.com_Submitter-_google.com_Report-ID-_949348866075514174"
      ".eml");
  EXPECT_EQ(google.report.metadata.report_id, "949348866075514174");
  EXPECT_EQ(google.report.policy.domain, "borschow.com");
  const auto mimecast = report_in<ParsedAggregate>(kDmarc / "aggregate-mimecast-weird-gzip.eml");
  EXPECT_EQ(mimecast.report.policy.domain, "ab.id.au");
  EXPECT_EQ(mimecast.report.records.size(), 1U);
}

TEST(FeedbackVectors, WhatIsReadPrintsTheSame) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator{kDmarc}) {
    if (entry.path().extension() != ".xml") continue;
    const auto parsed = parse_aggregate(slurp(entry.path()));
    if (!parsed) continue;
    ++count;
    const auto once = print_aggregate(parsed->report);
    const auto again = parse_aggregate(once);
    ASSERT_TRUE(again) << entry.path();
    EXPECT_TRUE(again->notes.empty()) << entry.path();
    EXPECT_EQ(print_aggregate(again->report), once) << entry.path();
  }
  EXPECT_EQ(count, 12);
}

TEST(FeedbackVectors, FailureReportsAreRead) {
  const auto bare = report_in<FailureReport>(kDmarc / "mailauth-arf-001.eml");
  EXPECT_EQ(bare.feedback_type, "abuse");
  EXPECT_EQ(bare.user_agent, "SomeGenerator/1.0");
  EXPECT_EQ(bare.version, "1");
  EXPECT_EQ(bare.incidents, 1U);
  EXPECT_FALSE(bare.source_ip);
  EXPECT_FALSE(bare.arrival_date);
  EXPECT_EQ(bare.subject, "Earn money");
  EXPECT_EQ(bare.from, "<somespammer@example.net>");

  const auto full = report_in<FailureReport>(kDmarc / "mailauth-arf-002.eml");
  EXPECT_EQ(to_micros(full.arrival_date->time), 1'110'304'800'000'000);
  EXPECT_THAT(full.authentication_results,
              ElementsAre(HasSubstr("spf=fail smtp.mail=somespammer")));
  EXPECT_EQ(full.original_mail_from, "somespammer@example.net");
  EXPECT_THAT(full.original_rcpt_to, ElementsAre("user@example.com"));
  EXPECT_THAT(full.reported_domain, ElementsAre("example.net"));
  EXPECT_THAT(full.reported_uri,
              ElementsAre("http://example.net/earn_money.html", "mailto:user@example.com"));
  EXPECT_EQ(full.reporting_mta, "mail.example.com");
  EXPECT_EQ(full.source_ip, text::IpAddress::parse("192.0.2.1"));
}

TEST(FeedbackVectors, FailureReportsOfDmarcAreRead) {
  for (const auto* name :
       {"failure-dmarc_ruf_report_linkedin.crlf.eml", "failure-dmarc_ruf_report_linkedin.eml"}) {
    const auto report = report_in<FailureReport>(kDmarc / name);
    EXPECT_EQ(report.feedback_type, "auth-failure");
    EXPECT_THAT(report.auth_failure, ElementsAre("dmarc"));
    EXPECT_EQ(report.delivery_result, "delivered");
    EXPECT_EQ(report.original_mail_from, "");
    EXPECT_EQ(report.source_ip, text::IpAddress::parse("10.10.10.10"));
    EXPECT_EQ(report.subject, "Subject line, could be UTF8 encoded");
    EXPECT_THAT(report.original_header, HasSubstr("X-Linkedin-fe: false"));
    EXPECT_THAT(report.original_header, testing::Not(HasSubstr("Alternative")));
  }
  const auto netease =
      report_in<FailureReport>(kDmarc / "failure-_Netease_DMARC_Failure_Report__Rent_Reminder.eml");
  EXPECT_THAT(netease.identity_alignment, ElementsAre("spf", "dkim"));
  EXPECT_EQ(netease.dkim_domain, "entrata.com");
  EXPECT_THAT(netease.reported_domain, ElementsAre("cardinal.com"));
  EXPECT_EQ(netease.from, "700 on Washington <info@cardinal.com>");

  const auto text = read_mail(kDmarc / "failure-exim_plain_text_only_no_arf_part.eml");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::not_found);
}

TEST(FeedbackVectors, TlsMailsHoldTheReportsBesideThem) {
  for (const std::string name : {"mailauth-rpt01", "mailauth-rpt02"}) {
    const auto mail = report_in<ParsedTlsReport>(kTls / (name + ".eml"));
    const auto plain = parse_tls_report(slurp(kTls / (name + ".json")));
    ASSERT_TRUE(plain) << name;
    EXPECT_EQ(mail.report.policies.size(), 1U);
    EXPECT_EQ(mail.report.report_id, plain->report.report_id);
    EXPECT_TRUE(mail.notes.empty());
  }
  const auto google =
      report_in<ParsedTlsReport>(kTls / "parsedmarc-google.com_smtp_tls_report.eml");
  EXPECT_EQ(google.report.organization_name, "Google Inc.");
  EXPECT_EQ(google.report.policies.at(0).policy.domain, "cardinalhealth.ca");
}

TEST(FeedbackVectors, TlsReportsRoundTrip) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator{kTls}) {
    if (entry.path().extension() != ".json" || entry.path().stem() == "txt-record-syntax") continue;
    const auto parsed = parse_tls_report(slurp(entry.path()));
    ASSERT_TRUE(parsed) << entry.path();
    if (entry.path().stem() != "mailauth-rpt03") {
      const auto again = parse_tls_report(print_tls_report(parsed->report));
      ASSERT_TRUE(again) << entry.path();
      EXPECT_EQ(again->report, parsed->report) << entry.path();
    }
    ++count;
  }
  EXPECT_EQ(count, 5);
}

TEST(FeedbackVectors, TheExampleOfTheRfcIsRead) {
  const auto parsed = parse_tls_report(slurp(kTls / "parsedmarc-rfc8460.json"));
  ASSERT_TRUE(parsed);
  const auto& policy = parsed->report.policies.at(0);
  EXPECT_EQ(policy.policy.type, TlsPolicyType::sts);
  EXPECT_THAT(policy.policy.mx_host, ElementsAre("*.mail.company-y.example"));
  EXPECT_EQ(policy.policy.policy_string.size(), 4U);
  EXPECT_EQ(policy.successful_sessions, 5326U);
  EXPECT_EQ(policy.failed_sessions, 303U);
  ASSERT_EQ(policy.failures.size(), 3U);
  EXPECT_EQ(policy.failures.at(0).result, TlsResult::certificate_expired);
  EXPECT_EQ(policy.failures.at(0).sending_mta_ip, text::IpAddress::parse("2001:db8:abcd:12::1"));
  EXPECT_EQ(policy.failures.at(2).failure_reason_code, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");

  const auto odd = parse_tls_report(slurp(kTls / "mailauth-rpt03.json"));
  EXPECT_EQ(odd->report.policies.at(0).policy.type, TlsPolicyType::no_policy_found);
  EXPECT_EQ(odd->report.policies.at(1).policy.type, TlsPolicyType::unspecified);
  EXPECT_THAT(odd->notes, ElementsAre(HasSubstr("invalid-policy-type")));
}

TEST(FeedbackVectors, TlsRptRecords) {
  const auto cases = json::parse(slurp(kTls / "txt-record-syntax.json")).at("cases").as_array();
  EXPECT_EQ(cases.size(), 13U);
  for (const auto& each : cases) {
    const std::string input{each.at("input").as_string()};
    EXPECT_EQ(parse_tlsrpt_record(input).has_value(), each.at("source_verdict") == "valid")
        << input;
  }
}

}  // namespace
}  // namespace postern::feedback
