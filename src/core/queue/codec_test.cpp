#include "queue/codec.hpp"

#include <gtest/gtest.h>

#include "record/record.hpp"

namespace postern::queue {
namespace {

Message full() {
  Message out;
  out.id = QueueId{5};
  out.trace = TraceId{6};
  out.sender = AccountId{7};
  out.blob.fill(8);
  out.body_size = 9;
  out.prefix = "Received: x\r\n";
  out.has_8bit_header = out.has_8bit_body = out.has_long_lines = true;
  out.envelope = {.from = smtp::parse_address("\"a b\"@[192.0.2.1]").value(),
                  .envid = "id",
                  .return_full = true,
                  .body_8bit = true,
                  .smtputf8 = true};
  out.recipients.push_back(
      {.address = smtp::parse_address("ü@BÜCHER.example", {.utf8 = true}).value(),
       .orcpt = "rfc822;x@y",
       .notify = {.bits = Notify::kNever, .given = true},
       .state = RecipientState::failed,
       .last_code = 550,
       .last_status = "5.1.1",
       .last_text = "no\nsuch",
       .last_host = "mx",
       .notice_owed = true});
  out.recipients.push_back({.address = smtp::parse_address("b@c.example").value()});
  out.created = from_micros(-5);
  out.due = from_micros(10);
  out.expires = from_micros(11);
  out.attempts = 12;
  out.delay_told = out.held = out.sender_proven = true;
  out.held_why = "why";
  out.junk = true;
  out.expendable = true;
  out.hidden = {{.begin = 0, .end = 7}, {.begin = 300, .end = 4000}};
  return out;
}

TEST(QueueCodec, EveryFieldReturns) {
  const auto before = full();
  const auto bytes = encode(before);
  const auto after = decode_message(before.id, bytes);
  ASSERT_TRUE(after);
  EXPECT_EQ(encode(*after), bytes);
  EXPECT_EQ(after->recipients.at(0).address.domain.text, "BÜCHER.example");
  EXPECT_EQ(after->recipients.at(0).address.domain.ascii, "xn--bcher-kva.example");
  EXPECT_EQ(after->recipients.at(0).last_text, "no\nsuch");
  EXPECT_TRUE(after->recipients.at(0).notice_owed);
  EXPECT_FALSE(after->recipients.at(1).notify.given);
  ASSERT_TRUE(after->envelope.from);
  EXPECT_TRUE(after->envelope.from->domain.literal);
  EXPECT_EQ(after->created, before.created);
  EXPECT_TRUE(after->held);
  EXPECT_TRUE(after->junk);
  EXPECT_TRUE(after->expendable);
  EXPECT_EQ(after->hidden, before.hidden);
}

TEST(QueueCodec, NoPrefixOfARecordDecodesToAnotherMessage) {
  const auto bytes = encode(full());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto got = decode_message(QueueId{1}, std::string_view{bytes}.substr(0, cut));
    if (got) EXPECT_NE(encode(*got), bytes);
  }
  EXPECT_FALSE(decode_message(QueueId{1}, ""));
  EXPECT_EQ(decode_message(QueueId{1}, "\x02").error().code, Errc::unsupported);
}

TEST(QueueCodec, TheDueIndexIsInOrderOfTimeAndHeldComesLast) {
  const auto early = due_key(from_micros(-1), QueueId{9});
  const auto late = due_key(from_micros(1), QueueId{1});
  EXPECT_LT(early, late);
  EXPECT_LT(late, due_key(kHeldDue, QueueId{0}));
  const auto parsed = parse_due_key(early);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->first, from_micros(-1));
  EXPECT_EQ(parsed->second, QueueId{9});
  EXPECT_FALSE(parse_due_key(message_key(QueueId{1})));
  EXPECT_EQ(parse_message_key(message_key(QueueId{77})).value(), QueueId{77});
}

TEST(QueueCodec, OrdersReturnAndUnknownOnesAreRefused) {
  for (const auto kind : {Order::Kind::hold, Order::Kind::drop}) {
    const auto after = decode_order(encode(Order{.kind = kind, .why = "look at it"}));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->kind, kind);
    EXPECT_EQ(after->why, "look at it");
  }
  std::string strange;
  record::Writer{strange, 1}.number(1, 2);
  EXPECT_EQ(decode_order(strange).error().code, Errc::corrupt);
  EXPECT_EQ(decode_order("\x02").error().code, Errc::unsupported);
  EXPECT_EQ(parse_order_key(order_key(QueueId{77})).value(), QueueId{77});
  EXPECT_FALSE(parse_order_key(message_key(QueueId{77})));
}

}  // namespace
}  // namespace postern::queue
