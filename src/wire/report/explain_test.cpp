#include "report/explain.hpp"

#include <gtest/gtest.h>

namespace postern::report {
namespace {

struct Case {
  int code;
  std::string_view status;
  std::string text;
  std::string_view id;
};

TEST(ReportExplain, KnowsWhatServersSay) {
  for (const auto& [code, status, text, id] : std::initializer_list<Case>{
           {550, "5.7.26", "This mail has been blocked because the sender is unauthenticated.",
            "unauthenticated"},
           {550, "5.7.1",
            "Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet "
            "service provider since part of their network is on our block list (S3140).",
            "microsoft-ip-block"},
           {554, "5.7.1",
            "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
            "https://www.spamhaus.org/pbl/query/192.0.2.1",
            "spamhaus-pbl"},
           {550, "5.7.25", "The IP address sending this message does not have a PTR record", "ptr"},
           {421, "4.7.25", "no PTR", "ptr"},
           {554, "", "Bad DNS PTR resource record.", "ptr"},
           {452, "4.2.2", "The email account that you tried to reach is over quota",
            "mailbox-full"},
           {552, "", "Mailbox full", "mailbox-full"},
           {450, "4.2.0", "Recipient address rejected: Greylisted for 5 minutes", "greylisting"},
           {550, "5.1.1", "The email account that you tried to reach does not exist",
            "unknown-user"},
           {550, "5.1.10", "RESOLVER.ADR.RecipientNotFound", "unknown-user"},
           {556, "5.1.10", "null MX", "null-mx"},
           {421, "4.7.0", "[TSS04] Messages temporarily deferred due to user complaints",
            "yahoo-deferred"},
           {554, "", "IP=192.0.2.1 - contact tosa@rx.t-online.de", "t-online"},
           {554, "5.7.1", "Relay access denied", "relay-denied"},
           {550, "5.7.1", "Because.", "policy"}}) {
    const auto got = explain({code, smtp::parse_enhanced_status(status), text});
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(got->id, id) << text;
    EXPECT_FALSE(got->cause.empty());
    EXPECT_FALSE(got->advice.empty());
  }
}

TEST(ReportExplain, IsSilentOtherwise) {
  EXPECT_FALSE(explain({250, smtp::EnhancedStatus{2, 2, 2}, "mailbox full of joy"}));
  EXPECT_FALSE(explain({451, smtp::EnhancedStatus{4, 3, 0}, "Internal error"}));
  EXPECT_FALSE(explain({550, {}, ""}));
  EXPECT_FALSE(explain({550, {}, "greylisted"}));
}

}  // namespace
}  // namespace postern::report
