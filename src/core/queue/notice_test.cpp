#include "queue/notice.hpp"

#include <gtest/gtest.h>

namespace postern::queue {
namespace {

struct Case {
  const char* name;
  bool null_sender;
  bool proven;
  std::uint8_t bits;
  Tell failure;
  bool delay;
  bool success;
};

constexpr std::uint8_t kUsual = Notify::kFailure | Notify::kDelay;

// RFC 3461 §4.1 (NOTIFY) and row A11 (nobody who did not send it is told).
constexpr Case kCases[] = {
    {"usual", false, true, kUsual, Tell::sender, true, false},
    {"never", false, true, Notify::kNever, Tell::nobody, false, false},
    {"success only", false, true, Notify::kSuccess, Tell::nobody, false, true},
    {"failure only", false, true, Notify::kFailure, Tell::sender, false, false},
    {"delay only", false, true, Notify::kDelay, Tell::nobody, true, false},
    {"all", false, true, kUsual | Notify::kSuccess, Tell::sender, true, true},
    {"not proven", false, false, kUsual | Notify::kSuccess, Tell::person, false, false},
    {"not proven, never", false, false, Notify::kNever, Tell::nobody, false, false},
    {"null", true, true, kUsual | Notify::kSuccess, Tell::person, false, false},
    {"null, never", true, false, Notify::kNever, Tell::person, false, false},
};

TEST(Notice, TheTableOfWhoIsTold) {
  for (const auto& row : kCases) {
    SCOPED_TRACE(row.name);
    Message message;
    if (!row.null_sender) message.envelope.from = smtp::parse_address("a@b.example").value();
    message.sender_proven = row.proven;
    Recipient recipient;
    recipient.notify.bits = row.bits;
    EXPECT_EQ(tell_failure(message, recipient), row.failure);
    EXPECT_EQ(tell_delay(message, recipient), row.delay);
    EXPECT_EQ(tell_success(message, recipient, false), row.success);
    EXPECT_FALSE(tell_success(message, recipient, true));
  }
}

TEST(Notice, NobodyMissesWhatIsExpendable) {
  Message message;
  message.expendable = true;
  EXPECT_EQ(tell_failure(message, Recipient{}), Tell::nobody);
}

TEST(Notice, AReportCarriesWhatTheSenderGaveAndTheRemoteSaid) {
  Message message;
  message.envelope.from = smtp::parse_address("a@b.example").value();
  message.envelope.envid = "env";
  message.envelope.return_full = true;
  message.trace = TraceId{1};
  message.recipients.push_back({.address = smtp::parse_address("x@y.example").value(),
                                .orcpt = "rfc822;orig@y.example",
                                .state = RecipientState::failed,
                                .last_code = 550,
                                .last_status = "5.1.1",
                                .last_text = "no such user",
                                .last_host = "mx.y.example"});
  SeededRandom random{1};
  const auto request =
      dsn_request(message, {0}, "us.example", "Subject: s\r\n\r\n", Timestamp{}, random);
  EXPECT_EQ(request.envid, "env");
  EXPECT_EQ(request.ret, smtp::Ret::full);
  EXPECT_EQ(smtp::to_string(request.from), "postmaster@us.example");
  ASSERT_EQ(request.recipients.size(), 1U);
  const auto& entry = request.recipients.at(0);
  EXPECT_EQ(entry.action, report::Action::failed);
  ASSERT_TRUE(entry.original);
  EXPECT_EQ(entry.original->address, "orig@y.example");
  ASSERT_TRUE(entry.reply);
  EXPECT_EQ(entry.reply->code, 550);
  EXPECT_EQ(smtp::to_string(entry.status), "5.1.1");
  EXPECT_FALSE(request.original_is_whole);
}

}  // namespace
}  // namespace postern::queue
