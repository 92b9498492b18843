// What mail on port 25 does to reports, and reports to mail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/in_memory.hpp"
#include "smtpd/fakes.hpp"

namespace postern::smtpd {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

class ReportMailTest : public testing::Test {
 protected:
  ReportMailTest() {
    auto settings = std::make_shared<mailauth::Settings>();
    settings->hostname = "mx.example.org";
    rig_.settings->authentication = settings;
    rig_.settings->takes_reports = [](const smtp::Address& to) { return to.local == "bob"; };
    rig_.resolver.add_mx("example.net", 10, "mx.example.net");
    txt("_dmarc.example.net", "v=DMARC1; p=reject; rua=mailto:x@example.net");
    rig_.services.reports = &*reports_;
  }
  void txt(std::string_view name, std::string text) {
    rig_.resolver.add(name, dns::Type::txt, dns::Txt{std::move(text)});
  }
  std::string send(std::string_view to, std::string_view header, std::string_view reply) {
    std::string script = "S: 220 *\nC: EHLO mail.example.net\nS: ...\nS: 250 *\n";
    script += "C: MAIL FROM:<ann@example.net>\nS: 250 *\nC: RCPT TO:<" + std::string{to};
    script += "@example.org>\nS: 250 *\nC: DATA\nS: 354 *\n" + std::string{header};
    return rig_.play(script + "C:\nC: AAAA\nC: .\nS: " + std::string{reply} + "\n", {});
  }

  static constexpr std::string_view kReport =
      "C: From: ann@example.net\nC: Content-Type: application/gzip;"
      " name=\"x.example!example.org!1!2.xml.gz\"\nC: Content-Transfer-Encoding: base64\n";

  Rig rig_;
  reports::InMemory reports_{rig_.resolver, rig_.machine.core(),
                             [](const std::string& domain) { return domain == "example.org"; },
                             log::Logger{rig_.backend}};
};

TEST_F(ReportMailTest, MailIsCountedOnceItIsDeliveredOrRefusedForDmarc) {
  txt("example.net", "v=spf1 +all");
  EXPECT_EQ(send("ann", "C: From: ann@example.net\n", "250 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 1U);
  rig_.delivery.deliver_fails = Errc::unavailable;  // it comes again
  EXPECT_EQ(send("ann", "C: From: ann@example.net\n", "451 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 1U);
}

TEST_F(ReportMailTest, ARefusalIsCountedIfItIsForDmarc) {
  txt("example.net", "v=spf1 -all");
  EXPECT_EQ(send("ann", "C: From: ann@example.net\n", "550 5.7.26 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 1U);
  EXPECT_EQ(send("ann", "C: From: a@example.com, b@example.net\n", "554 5.6.0 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 1U);
}

TEST_F(ReportMailTest, ReportsAreNotReportedAbout) {
  txt("example.net", "v=spf1 +all");
  EXPECT_EQ(send("ann", kReport, "250 *"), "");
  EXPECT_EQ(send("bob", "C: From: ann@example.net\n", "250 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 0U);
}

TEST_F(ReportMailTest, AForgerDoesNotHideBehindTheShapeOfAReport) {
  txt("example.net", "v=spf1 -all");
  EXPECT_EQ(send("ann", kReport, "550 5.7.26 *"), "");
  EXPECT_EQ(send("bob", "C: From: ann@example.net\n", "550 5.7.26 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 2U);
}

TEST_F(ReportMailTest, WhatGoesToPeopleTooIsToldOf) {
  txt("example.net", "v=spf1 +all");
  const std::string both = "bob@example.org>\nS: 250 *\nC: RCPT TO:<ann";
  EXPECT_EQ(send(both, "C: From: ann@example.net\n", "250 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 1U);
}

TEST_F(ReportMailTest, WhoSwitchedCountingOffCountsNothing) {
  reports_->use(std::make_shared<const reports::Settings>());
  txt("example.net", "v=spf1 +all");
  EXPECT_EQ(send("ann", "C: From: ann@example.net\n", "250 *"), "");
  EXPECT_EQ(reports_->collector().stats().messages, 0U);
}

TEST_F(ReportMailTest, WhatComesToTheAddressForReportsIsRead) {
  txt("example.net", "v=spf1 +all");
  EXPECT_EQ(send("bob", kReport, "250 *"), "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  EXPECT_THAT(rig_.delivery.transactions.front().facts,
              Contains(Pair("report", HasSubstr("ignored: it cannot be read"))));
  EXPECT_EQ(send("ann", kReport, "250 *"), "");
  EXPECT_THAT(rig_.delivery.transactions.back().facts, Not(Contains(Pair("report", testing::_))));
}

TEST_F(ReportMailTest, WhatCannotBeReadBackIsDeliveredAllTheSame) {
  txt("example.net", "v=spf1 +all");
  rig_.delivery.content_fails = Errc::corrupt;
  EXPECT_EQ(send("bob", kReport, "250 *"), "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  EXPECT_THAT(rig_.delivery.transactions.front().facts,
              Contains(Pair("report", HasSubstr("cannot be read back"))));
}

}  // namespace
}  // namespace postern::smtpd
