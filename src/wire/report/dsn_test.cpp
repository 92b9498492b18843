#include "report/dsn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/lines.hpp"
#include "text/ascii.hpp"

namespace postern::report {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOriginal =
    "From: Alice <alice@example.org>\r\nTo: bob@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?="
    "\r\nMessage-ID: <m1@example.org>\r\n\r\nHello Bob\r\n";

smtp::Address address(std::string_view text) {
  return *smtp::parse_address(text, {.utf8 = true});
}

DsnRequest request() {
  const Timestamp at = std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + 12h;
  return {.to = address("alice@example.org"),
          .from = address("postmaster@mx.example.org"),
          .reporting_mta = "mx.example.org",
          .message_id = "d1@mx.example.org",
          .boundary = "b0undary",
          .trace_id = "4f2a",
          .now = at + 1h,
          .arrival = at,
          .recipients = {{.address = address("bob@example.com"),
                          .status = {5, 1, 1},
                          .remote_mta = "mx.example.com",
                          .reply = smtp::Reply{550, smtp::EnhancedStatus{5, 1, 1},
                                               "no such user\nsorry"},
                          .last_attempt = at + 1h}},
          .original = kOriginal};
}

/// What every report must be.
void expect_sound(const Dsn& dsn) {
  EXPECT_FALSE(has_long_line(dsn.message));
  EXPECT_EQ(dsn.eight_bit, !text::is_ascii(dsn.message));
  char before = 0;
  for (const char c : dsn.message) {
    EXPECT_EQ(c == '\n', before == '\r') << "a line break that is not CRLF";
    EXPECT_NE(c, '\0');
    before = c;
  }
}

TEST(ReportDsn, TellsOfAFailure) {
  auto r = request();
  r.envid = "QQ314";
  r.recipients[0].original = smtp::OriginalRecipient{"rfc822", "Bob@example.com"};
  const auto dsn = build_dsn(r);
  expect_sound(dsn);
  EXPECT_FALSE(dsn.eight_bit);
  EXPECT_FALSE(dsn.smtputf8);
  EXPECT_EQ(dsn.message,
            "Date: Fri, 20 Nov 2026 13:00:00 +0000\r\n"
            "From: Mail Delivery System <postmaster@mx.example.org>\r\n"
            "To: <alice@example.org>\r\n"
            "Subject: Not delivered: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
            "Message-ID: <d1@mx.example.org>\r\n"
            "In-Reply-To: <m1@example.org>\r\n"
            "References: <m1@example.org>\r\n"
            "Auto-Submitted: auto-replied\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status;\r\n"
            " boundary=\"b0undary\"\r\n"
            "\r\n"
            "This is a delivery status notification in MIME format.\r\n"
            "\r\n--b0undary\r\n"
            "Content-Type: text/plain; charset=us-ascii\r\n"
            "\r\n"
            "Your message could not be delivered to:\r\n"
            "\r\n"
            "  <bob@example.com>\r\n"
            "    mx.example.com said: 550 5.1.1 no such user sorry\r\n"
            "    What it means: There is no such mailbox at the recipient's domain.\r\n"
            "    What to do: Check the spelling of the address, or ask the recipient\r\n"
            "    for the present one.\r\n"
            "\r\n"
            "The message was accepted on Fri, 20 Nov 2026 12:00:00 +0000.\r\n"
            "This report was made by the mail system at mx.example.org; reference\r\n"
            "4f2a.\r\n"
            "\r\n--b0undary\r\n"
            "Content-Type: message/delivery-status\r\n"
            "\r\n"
            "Original-Envelope-Id: QQ314\r\n"
            "Reporting-MTA: dns; mx.example.org\r\n"
            "Arrival-Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
            "\r\n"
            "Original-Recipient: rfc822; Bob@example.com\r\n"
            "Final-Recipient: rfc822; bob@example.com\r\n"
            "Action: failed\r\n"
            "Status: 5.1.1\r\n"
            "Remote-MTA: dns; mx.example.com\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such user sorry\r\n"
            "Last-Attempt-Date: Fri, 20 Nov 2026 13:00:00 +0000\r\n"
            "\r\n--b0undary\r\n"
            "Content-Type: text/rfc822-headers\r\n"
            "\r\n"
            "From: Alice <alice@example.org>\r\n"
            "To: bob@example.com\r\n"
            "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
            "Message-ID: <m1@example.org>\r\n"
            "\r\n--b0undary--\r\n");
}

TEST(ReportDsn, TellsOfDelayAndSuccess) {
  auto r = request();
  r.recipients[0].action = Action::delayed;
  r.recipients[0].status = {4, 4, 1};
  r.recipients[0].reply.reset();
  r.recipients[0].remote_mta.clear();
  r.recipients[0].reason = "The connection timed out.";
  r.recipients[0].retry_until = r.now + 96h;
  r.recipients.push_back({.address = address("carol@example.com"),
                          .action = Action::relayed,
                          .status = {2, 0, 0},
                          .retry_until = r.now});
  r.ret = smtp::Ret::full;
  const auto dsn = build_dsn(r);
  expect_sound(dsn);
  EXPECT_THAT(dsn.message, HasSubstr("Subject: Delayed: "));
  EXPECT_THAT(dsn.message, HasSubstr("    The connection timed out.\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("Will-Retry-Until: Tue, 24 Nov 2026 13:00:00 +0000\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("Action: relayed\r\nStatus: 2.0.0\r\n\r\n--"));
  EXPECT_THAT(dsn.message, Not(HasSubstr("Diagnostic-Code")));
  // Nothing failed: the header only, whatever RET says.
  EXPECT_THAT(dsn.message, Not(HasSubstr("Hello Bob")));
}

TEST(ReportDsn, ReturnsTheWholeWhenAskedAndSmall) {
  auto r = request();
  r.ret = smtp::Ret::full;
  EXPECT_THAT(build_dsn(r).message,
              HasSubstr("Content-Type: message/rfc822\r\n\r\n" + std::string{kOriginal}));
  r.original_is_whole = false;
  EXPECT_THAT(build_dsn(r).message, HasSubstr("text/rfc822-headers"));
  r.original_is_whole = true;
  std::string big{kOriginal};
  while (big.size() <= kMaxReturned) big += "0123456789\r\n";
  r.original = big;
  EXPECT_THAT(build_dsn(r).message, HasSubstr("text/rfc822-headers"));
  const auto eight = std::string{kOriginal} + "\xe4\r\n";
  r.original = eight;
  const auto dsn = build_dsn(r);
  EXPECT_TRUE(dsn.eight_bit);
  EXPECT_FALSE(dsn.smtputf8);
  EXPECT_THAT(dsn.message, HasSubstr("message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n"));
  const auto longer = std::string{kOriginal} + std::string(999, 'x') + "\r\n";
  r.original = longer;
  expect_sound(build_dsn(r));
}

TEST(ReportDsn, StaysSevenBitWithoutSmtputf8) {
  auto r = request();
  const std::string original =
      "Subject: Gr\xfc\xdf"
      "e\r\nX: a\r\n\r\n";
  r.original = original;
  r.recipients[0].address = address("jürgen@bücher.example");
  r.recipients[0].reply->text = "nö";
  const auto dsn = build_dsn(r);
  expect_sound(dsn);
  EXPECT_FALSE(dsn.eight_bit);
  EXPECT_FALSE(dsn.smtputf8);
  EXPECT_THAT(dsn.message, HasSubstr("Subject: Not delivered\r\n"));
  EXPECT_THAT(dsn.message,
              HasSubstr("charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"));
  EXPECT_THAT(dsn.message,
              HasSubstr("Final-Recipient: utf-8; j\\x{FC}rgen@b\\x{FC}cher.example\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("550 5.1.1 n??\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("Subject: Gr=FC=DFe\r\nX: a\r\n"));
}

TEST(ReportDsn, SpeaksUtf8WhenTheMessageDid) {
  auto r = request();
  r.smtputf8 = true;
  const std::string original = "From: Jürgen <jürgen@bücher.example>\r\n\r\nbody\r\n";
  r.original = original;
  r.to = address("jürgen@bücher.example");
  r.recipients[0].address = address("用户@例え.example");
  const auto dsn = build_dsn(r);
  expect_sound(dsn);
  EXPECT_TRUE(dsn.eight_bit);
  EXPECT_TRUE(dsn.smtputf8);
  EXPECT_THAT(dsn.message, HasSubstr("To: <jürgen@bücher.example>\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("message/global-delivery-status"));
  EXPECT_THAT(dsn.message, HasSubstr("Final-Recipient: utf-8; 用户@例え.example\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("message/global-headers"));
  // All ASCII after all: the traditional types.
  auto plain = request();
  plain.smtputf8 = true;
  EXPECT_FALSE(build_dsn(plain).smtputf8);
}

TEST(ReportDsn, CutsHeadersBetweenFields) {
  auto r = request();
  std::string original = "Subject: s\r\n";
  while (original.size() < kMaxReturned + 100)
    original += "X-Long: " + std::string(60, 'x') + "\r\n folded\r\n";
  original += "Last: 1\r\n\r\nbody\r\n";
  r.original = original;
  const auto dsn = build_dsn(r);
  expect_sound(dsn);
  EXPECT_LT(dsn.message.size(), kMaxReturned + 4096);
  EXPECT_THAT(dsn.message, testing::EndsWith("x\r\n folded\r\n\r\n--b0undary--\r\n"));
}

TEST(ReportDsn, CannotBeInjected) {
  auto r = request();
  r.recipients[0].remote_mta = "mx\r\nBcc: x";
  r.recipients[0].reply->text = "a\r\n\r\n--b0undary\r\n" + std::string(3000, 'x') + "\n b";
  r.recipients[0].original = smtp::OriginalRecipient{"rfc822", "a\r\nb"};
  r.envid = "e\r\nf";
  const std::string original = "Subject: a\rb\nBcc: c\r\n\t\r\n d\r\n\r\n";
  r.original = original;
  const auto dsn = build_dsn(r);
  expect_sound(dsn);
  EXPECT_THAT(dsn.message, Not(HasSubstr("\nBcc: x")));
  EXPECT_THAT(dsn.message, HasSubstr("Original-Envelope-Id: e  f\r\n"));
  std::size_t parts = 0;
  for (auto at = dsn.message.find("\r\n--b0undary"); at != dsn.message.npos;
       at = dsn.message.find("\r\n--b0undary", at + 1))
    ++parts;
  EXPECT_EQ(parts, 4U);
}

TEST(ReportLines, EncodesQuotedPrintable) {
  EXPECT_EQ(quoted_printable("a=b \r\n\xfc\t\r\nc d"), "a=3Db=20\r\n=FC=09\r\nc d");
  const auto soft = quoted_printable(std::string(200, 'x'));
  EXPECT_EQ(soft,
            std::string(75, 'x') + "=\r\n" + std::string(75, 'x') + "=\r\n" + std::string(50, 'x'));
  EXPECT_EQ(one_line("a\r\nb\xff", true), "a  b\uFFFD");
  EXPECT_LE(one_line("äöü", true, 3).size(), 3U);
}

}  // namespace
}  // namespace postern::report
