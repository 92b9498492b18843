#include "feedback/recognise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedback/archive.hpp"
#include "feedback/compose.hpp"
#include "mime/builder.hpp"

namespace postern::feedback {
namespace {

using testing::HasSubstr;

constexpr std::string_view kXml =
    "<feedback><policy_published><domain>d.example</domain></policy_published></feedback>";

std::optional<Found> look(std::string_view bytes) {
  // The tree must outlive what points into it; only the kind is compared here.
  const auto message = mime::parse(bytes);
  auto found = recognise(*message);
  if (found) found->data = found->original = nullptr;
  return found;
}

std::optional<Kind> kind_of(std::string_view bytes) {
  const auto found = look(bytes);
  return found ? std::optional{found->kind} : std::nullopt;
}

std::string mail(std::string_view header, std::string_view body = "x") {
  return std::string{header} + "\r\n\r\n" + std::string{body};
}

Result<AnyReport> read(std::string_view bytes) {
  const auto message = mime::parse(bytes);
  const auto found = recognise(*message);
  if (!found) return fail(Errc::not_found);
  return extract(*found, read_from(bytes));
}

TEST(FeedbackName, IsReadAsTheRfcsWriteIt) {
  const auto name =
      parse_report_name("mail.receiver.example!Example.com!1013662812!1013749130.xml.gz");
  EXPECT_EQ(name, (ReportName{"mail.receiver.example", "example.com", 1013662812, 1013749130, "",
                              "xml.gz"}));
  EXPECT_EQ(parse_report_name("a.example!b.example!1!2!001.json.gz")->unique_id, "001");
  EXPECT_EQ(parse_report_name("a.example!b.example!1!2!2024.09.xml")->unique_id, "2024.09");
  EXPECT_EQ(parse_report_name("..\\x/a.example!b.example!1!2.ZIP")->extension, "zip");
  EXPECT_EQ(parse_report_name("a.example!b.example!\r\n 1!2.xml")->begin, 1U);
  for (const auto* bad :
       {"", "a!b!1!2", "a!b!1.xml", "a!b!x!2.xml", "a!b!1!x.xml", "a!b!1!2!3!4.xml", "!b!1!2.xml",
        "a!b/!1!2.xml", "a!b!1!2!id.exe", "a!b!1!-2.xml"})
    EXPECT_FALSE(parse_report_name(bad)) << bad;
  EXPECT_FALSE(parse_report_name(std::string(2000, '!')));
}

TEST(FeedbackRecognise, AggregateReportsByNameOrSubject) {
  constexpr std::string_view kName = "filename=\"a.example!b.example!1!2.xml.gz\"";
  for (const std::string type : {"application/gzip", "application/octet-stream", "text/xml"}) {
    EXPECT_EQ(kind_of(mail("Content-Type: " + type + "\r\nContent-Disposition: attachment; " +
                           std::string{kName})),
              Kind::aggregate)
        << type;
  }
  EXPECT_EQ(kind_of(mail("Subject: Report domain: b.example Submitter: a\r\nContent-Type: "
                         "application/zip; name=report.zip")),
            Kind::aggregate);
  EXPECT_EQ(kind_of(mail("Subject: =?utf-8?q?Report_Domain=3A_b?=\r\nContent-Type: text/xml")),
            Kind::aggregate);
}

TEST(FeedbackRecognise, OtherMailIsNone) {
  EXPECT_FALSE(kind_of(mail("Subject: Report Domain: b.example")));  // text alone
  EXPECT_FALSE(kind_of(mail("Content-Type: application/zip; name=photos.zip")));
  EXPECT_FALSE(kind_of(mail("Content-Type: text/xml; name=a.xml")));
  EXPECT_FALSE(kind_of(mail("Content-Type: application/json; name=a.json")));
  EXPECT_FALSE(
      kind_of(mail("Content-Type: multipart/report; report-type=delivery-status; "
                   "boundary=b",
                   "--b\r\nContent-Type: message/delivery-status\r\n\r\nx\r\n--b--")));
  EXPECT_FALSE(kind_of(""));
}

TEST(FeedbackRecognise, ForwardedReportsAreNotSearchedFor) {
  const auto inner = mail("Content-Type: application/tlsrpt+json", "{}");
  EXPECT_EQ(kind_of(inner), Kind::tls);
  EXPECT_FALSE(kind_of(mail("Content-Type: message/rfc822", inner)));
}

TEST(FeedbackRecognise, TlsReportsByTypeNameOrReportType) {
  EXPECT_EQ(kind_of(mail("Content-Type: application/tlsrpt+gzip")), Kind::tls);
  EXPECT_EQ(
      kind_of(mail("Content-Type: application/gzip; name=\"a.example!b.example!1!2!3.json.gz\"")),
      Kind::tls);
  EXPECT_EQ(
      kind_of(mail("Content-Type: multipart/report; report-type=TLSRPT; boundary=b",
                   "--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/gzip\r\n\r\nx\r\n--b--")),
      Kind::tls);
}

TEST(FeedbackRecognise, FailureReportsComeFirst) {
  EXPECT_EQ(kind_of(mail("Content-Type: multipart/mixed; boundary=b",
                         "--b\r\nContent-Type: application/tlsrpt+gzip\r\n\r\nx\r\n--b\r\n"
                         "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: x\r\n--b--")),
            Kind::failure);
}

TEST(FeedbackExtract, WhatIsWithinDecides) {
  // JSON under an aggregate report's name, XML under a TLS report's type.
  const auto json = read(
      mail("Content-Type: text/xml; name=\"a.example!b.example!1!2.xml\"", "{\"policies\":[]}"));
  ASSERT_TRUE(json);
  EXPECT_TRUE(std::holds_alternative<ParsedTlsReport>(*json));
  const auto xml = read(mail("Content-Type: application/tlsrpt+json", kXml));
  ASSERT_TRUE(xml);
  EXPECT_EQ(std::get<ParsedAggregate>(*xml).report.policy.domain, "d.example");
}

TEST(FeedbackExtract, TransferEncodingsAreTakenAway) {
  const auto packed = gzip(kXml);
  const auto header =
      "Content-Type: application/gzip; name=\"a.example!b.example!1!2.xml.gz\"\r\n"
      "Content-Transfer-Encoding: ";
  EXPECT_TRUE(read(mail(std::string{header} + "base64", mime::to_base64_lines(packed))));
  EXPECT_TRUE(read(mail(std::string{header} + "binary", packed)));
  const auto cut = read(mail(std::string{header} + "base64",
                             mime::to_base64_lines(packed.substr(0, packed.size() / 2))));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Errc::bad_syntax);
}

TEST(FeedbackExtract, LimitsAndErrorsArePassedOn) {
  const auto bytes = mail("Content-Type: text/xml; name=\"a.example!b.example!1!2.xml\"", kXml);
  const auto message = mime::parse(bytes);
  const auto found = recognise(*message);
  ASSERT_TRUE(found);
  const auto failing = [](const mime::Part&, std::size_t) -> Result<std::string> {
    return fail(Errc::io_failed, "disk");
  };
  EXPECT_EQ(extract(*found, failing).error().code, Errc::io_failed);
  const auto endless = [](const mime::Part&, std::size_t limit) -> Result<std::string> {
    return std::string(limit, 'x');
  };
  EXPECT_EQ(extract(*found, endless).error().code, Errc::too_large);
  EXPECT_EQ(extract(Found{}, failing).error().code, Errc::not_found);
  mime::Part beyond;
  beyond.body_end = 1000;
  EXPECT_EQ(read_from("short")(beyond, 10).error().code, Errc::corrupt);
}

TEST(FeedbackFailure, ReadsTheFieldsOfRfc6591) {
  const auto report = parse_failure(
      "\r\nFeedback-Type: auth-failure (x)\r\nAuth-Failure: bodyhash\r\nDKIM-Domain: d.example\r\n"
      "DKIM-Identity: @d.example\r\nDKIM-Selector: s\r\nDKIM-Selector-DNS: \"v=DKIM1\"\r\n"
      "SPF-DNS: txt : d.example : \"v=spf1 -all\"\r\nDKIM-Canonicalized-Body: AAAA\r\n"
      "Source-IP: [2001:db8::1]\r\nSource-Port: 25\r\nIncidents: 4\r\nDelivery-Result: Reject\r\n"
      "Received-Date: Thu, 8 Mar 2005 14:00:00 EDT\r\nOriginal-Envelope-Id: q1\r\n",
      "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nDate: Thu, 8 Mar 2005 14:00:00 +0000\n\nbody: x\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->feedback_type, "auth-failure");
  EXPECT_THAT(report->auth_failure, testing::ElementsAre("bodyhash"));
  EXPECT_EQ(report->dkim_identity, "@d.example");
  EXPECT_EQ(report->dkim_selector_dns, "\"v=DKIM1\"");
  EXPECT_THAT(report->spf_dns, testing::ElementsAre(HasSubstr("v=spf1")));
  EXPECT_TRUE(report->has_canonicalized_body);
  EXPECT_FALSE(report->has_canonicalized_header);
  EXPECT_EQ(report->source_ip, text::IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(report->source_port, 25);
  EXPECT_EQ(report->incidents, 4U);
  EXPECT_EQ(report->delivery_result, "reject");
  EXPECT_TRUE(report->arrival_date);
  EXPECT_EQ(report->subject, "Grüße");
  EXPECT_THAT(report->original_header, testing::Not(HasSubstr("body")));
}

TEST(FeedbackFailure, IsBounded) {
  EXPECT_EQ(parse_failure("Version: 1\r\n", "").error().code, Errc::bad_syntax);
  std::string fields = "Feedback-Type: abuse\r\n";
  for (int i = 0; i < 1000; ++i) fields += "Reported-Domain: d.example\r\n";
  fields += "User-Agent: " + std::string(100'000, 'x') + "\r\n";
  const auto report = parse_failure(fields, "From: " + std::string(200'000, 'a'));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->reported_domain.size(), kMaxFailureTexts);
  EXPECT_EQ(report->user_agent.size(), kMaxText);
  EXPECT_LE(report->original_header.size(), kMaxOriginalHeader);
}

}  // namespace
}  // namespace postern::feedback
