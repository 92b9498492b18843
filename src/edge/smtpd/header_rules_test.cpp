#include "smtpd/header_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

using ::testing::HasSubstr;

SubmissionRules rules() {
  return {.may_send_as =
              [](const smtp::Address& address) {
                return address.local == "ann" && address.domain.ascii == "example.org";
              },
          .null_sender = false,
          .date = "DATE",
          .message_id = "<ID>"};
}

std::string completed(std::string_view raw) {
  auto out = complete_header(raw, rules());
  return out ? *std::move(out) : smtp::to_line(out.error());
}

TEST(CompleteHeader, AddsWhatIsMissing) {
  EXPECT_EQ(completed("From: ann@example.org\r\n\r\n"),
            "From: ann@example.org\r\nDate: DATE\r\nMessage-ID: <ID>\r\n\r\n");
  EXPECT_EQ(completed("from : ann@example.org\r\nDATE: now\r\nMessage-Id: <x>\r\n\r\n"),
            "from : ann@example.org\r\nDATE: now\r\nMessage-Id: <x>\r\n\r\n");
  EXPECT_EQ(completed("From: ann@example.org"),
            "From: ann@example.org\r\nDate: DATE\r\nMessage-ID: <ID>\r\n\r\n");
}

TEST(CompleteHeader, TakesAwayWhatTellsTooMuch) {
  EXPECT_EQ(completed("From x Tue\r\nBCC: a@b\r\nFrom: ann@example.org\r\nbcc:\r\n c@d\r\n"
                      "Return-Path: <x@y>\r\nReceived: by z\r\nDate: d\r\nMessage-ID: <m>\r\n\r\n"),
            "From: ann@example.org\r\nDate: d\r\nMessage-ID: <m>\r\n\r\n");
}

TEST(CompleteHeader, VerdictsAreOursToGive) {
  EXPECT_EQ(completed("Authentication-Results: mx.example.org; dmarc=pass\r\n"
                      "postern-reason: accept\r\nFrom: ann@example.org\r\nDate: d\r\n"
                      "Message-ID: <m>\r\n\r\n"),
            "From: ann@example.org\r\nDate: d\r\nMessage-ID: <m>\r\n\r\n");
}

TEST(CompleteHeader, BindsFrom) {
  EXPECT_THAT(completed("From: Bob <bob@example.org>\r\n\r\n"), HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("From: ann@example.org, bob@example.org\r\n\r\n"), HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("From: \"ann@example.org\" <bob@example.org>\r\n\r\n"),
              HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("From: nobody:;\r\n\r\n"), HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("From: ann\r\n\r\n"), HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("From:\r\n\r\n"), HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("From: =?utf-8?q?J=C3=B6rg?= <ann@EXAMPLE.org>\r\n\r\n"),
              HasSubstr("Date: DATE"));
}

TEST(CompleteHeader, BindsTheLastResentFrom) {
  EXPECT_EQ(completed("Resent-From: ann@example.org\r\nResent-Bcc: x@y\r\nReceived: by z\r\n"
                      "Resent-From: old@example.com\r\nFrom: bob@example.com\r\nDate: d\r\n"
                      "Message-ID: <m>\r\n\r\n"),
            "Resent-From: ann@example.org\r\nReceived: by z\r\nResent-From: old@example.com\r\n"
            "From: bob@example.com\r\nDate: d\r\nMessage-ID: <m>\r\n\r\n");
  EXPECT_THAT(completed("Resent-From: x@example.com\r\nFrom: ann@example.org\r\n\r\n"),
              HasSubstr("550 5.7.1"));
  EXPECT_THAT(completed("Resent-To: x@example.com\r\nFrom: bob@example.org\r\n\r\n"),
              HasSubstr("550 5.7.1"));
}

TEST(CompleteHeader, RefusesDoubles) {
  for (const std::string name : {"Date", "From", "Sender", "Reply-To", "To", "Cc", "Message-ID",
                                 "In-Reply-To", "References", "Subject"}) {
    const std::string from = name == "From" ? "" : "From: ann@example.org\r\n";
    EXPECT_THAT(
        completed(from + name + ": ann@example.org\r\n" + name + ": ann@example.org\r\n\r\n"),
        HasSubstr("554 5.6.0"))
        << name;
  }
  EXPECT_THAT(completed("Subject: x\r\n\r\n"), HasSubstr("554 5.6.0"));
  EXPECT_THAT(completed("\r\n"), HasSubstr("554 5.6.0"));
  EXPECT_THAT(completed(""), HasSubstr("554 5.6.0"));
}

/// Behind a line that is no field some readers go on reading fields.
TEST(CompleteHeader, RefusesLinesThatAreNoFields) {
  EXPECT_THAT(completed("From: ann@example.org\r\nhello there\r\nFrom: bob@example.org\r\n\r\n"),
              HasSubstr("554 5.6.0"));
}

TEST(CompleteHeader, TheNullSenderIsForReports) {
  auto with_null = rules();
  with_null.null_sender = true;
  const auto good = [&](const std::string& more) {
    return complete_header("From: ann@example.org\r\n" + more + "\r\n", with_null).has_value();
  };
  EXPECT_FALSE(good(""));
  EXPECT_FALSE(good("Content-Type: multipart/mixed; x=multipart/report\r\n"));
  EXPECT_FALSE(good("Auto-Submitted: no\r\n"));
  EXPECT_TRUE(good("Content-Type: Multipart/Report; report-type=disposition-notification\r\n"));
  EXPECT_TRUE(good("Auto-Submitted: auto-replied (vacation)\r\n"));
}

TEST(CompleteHeader, WhoRelaysIsNotBound) {
  auto relaying = rules();
  relaying.relay = true;
  relaying.null_sender = true;
  const auto relayed = [&](std::string_view raw) {
    auto out = complete_header(raw, relaying);
    return out ? *std::move(out) : smtp::to_line(out.error());
  };
  EXPECT_EQ(relayed("Received: by z\r\nReturn-Path: <x@y>\r\nResent-From: x@example.com\r\n"
                    "From: bob@example.org\r\nDate: d\r\nMessage-ID: <m>\r\n\r\n"),
            "Received: by z\r\nResent-From: x@example.com\r\nFrom: bob@example.org\r\n"
            "Date: d\r\nMessage-ID: <m>\r\n\r\n");
  EXPECT_THAT(relayed("Subject: x\r\n\r\n"), HasSubstr("554 5.6.0"));
  EXPECT_THAT(relayed("From: a@b\r\nFrom: c@d\r\n\r\n"), HasSubstr("554 5.6.0"));
}

TEST(JudgeFromCount, WantsOne) {
  EXPECT_TRUE(judge_from_count(mime::Header{""}).has_value());
  EXPECT_FALSE(judge_from_count(mime::Header{"FROM: a\r\n\r\nFrom: b\r\n"}).has_value());
  EXPECT_TRUE(judge_from_count(mime::Header{"FROM: a\r\nFrom: b\r\n"}).has_value());
}

}  // namespace
}  // namespace postern::smtpd
