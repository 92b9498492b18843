#include "queue/codec.hpp"

#include "layout/spaces.hpp"
#include "record/key.hpp"
#include "record/record.hpp"
#include "vocab/try.hpp"

namespace postern::queue {
namespace {

using record::Reader;
using record::Writer;

constexpr std::uint8_t kVersion = 1;

record::KeyWriter key_of(layout::QueueKind kind) {
  return {static_cast<std::uint8_t>(layout::Space::queue), std::uint16_t{0},
          static_cast<std::uint8_t>(kind)};
}

std::string encode_address(const smtp::Address& address) {
  std::string out;
  Writer{out}
      .text(1, address.local)
      .text_unless_empty(2, address.domain.ascii)
      .text_unless_empty(3, address.domain.text == address.domain.ascii ? std::string_view{}
                                                                        : address.domain.text);
  return out;
}

smtp::Address decode_address(Reader& parent) {
  smtp::Address out;
  auto in = Reader::nested(parent.text(), parent.version());
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.local = in.text(); break;
      case 2:  out.domain.ascii = in.text(); break;
      case 3:  out.domain.text = in.text(); break;
      default: break;
    }
  }
  if (!in.finish()) parent.fault("bad address");
  if (out.domain.text.empty()) out.domain.text = out.domain.ascii;
  if (out.domain.ascii.starts_with('[')) {
    if (auto parsed = smtp::parse_domain(out.domain.ascii)) out.domain.literal = parsed->literal;
  }
  return out;
}

std::string encode_recipient(const Recipient& recipient) {
  std::string out;
  Writer{out}
      .text(1, encode_address(recipient.address))
      .text_unless_empty(2, recipient.orcpt)
      .number(3, recipient.notify.bits)
      .number_unless_zero(4, recipient.notify.given ? 1 : 0)
      .number_unless_zero(5, static_cast<std::uint64_t>(recipient.state))
      .number_unless_zero(6, static_cast<std::uint64_t>(recipient.last_code))
      .text_unless_empty(7, recipient.last_status)
      .text_unless_empty(8, recipient.last_text)
      .text_unless_empty(9, recipient.last_host)
      .number_unless_zero(10, recipient.notice_owed ? 1 : 0);
  return out;
}

Recipient decode_recipient(Reader& parent) {
  Recipient out;
  auto in = Reader::nested(parent.text(), parent.version());
  while (in.next()) {
    switch (in.tag()) {
      case 1: out.address = decode_address(in); break;
      case 2: out.orcpt = in.text(); break;
      case 3: out.notify.bits = in.number<std::uint8_t>(); break;
      case 4: out.notify.given = in.boolean(); break;
      case 5: {
        const auto state = in.number<std::uint8_t>();
        if (state > static_cast<std::uint8_t>(RecipientState::dropped)) in.fault("bad state");
        out.state = static_cast<RecipientState>(state);
        break;
      }
      case 6:  out.last_code = in.number<std::uint16_t>(); break;
      case 7:  out.last_status = in.text(); break;
      case 8:  out.last_text = in.text(); break;
      case 9:  out.last_host = in.text(); break;
      case 10: out.notice_owed = in.boolean(); break;
      default: break;
    }
  }
  if (!in.finish()) parent.fault("bad recipient");
  return out;
}

std::string encode_envelope(const Envelope& envelope) {
  std::string out;
  Writer writer{out};
  if (envelope.from) writer.text(1, encode_address(*envelope.from));
  writer.text_unless_empty(2, envelope.envid)
      .number_unless_zero(3, envelope.return_full ? 1 : 0)
      .number_unless_zero(4, envelope.body_8bit ? 1 : 0)
      .number_unless_zero(5, envelope.smtputf8 ? 1 : 0);
  return out;
}

Envelope decode_envelope(Reader& parent) {
  Envelope out;
  auto in = Reader::nested(parent.text(), parent.version());
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.from = decode_address(in); break;
      case 2:  out.envid = in.text(); break;
      case 3:  out.return_full = in.boolean(); break;
      case 4:  out.body_8bit = in.boolean(); break;
      case 5:  out.smtputf8 = in.boolean(); break;
      default: break;
    }
  }
  if (!in.finish()) parent.fault("bad envelope");
  return out;
}

BlobId read_blob(Reader& in) {
  BlobId id{};
  const auto bytes = in.text();
  if (bytes.size() != id.size()) {
    in.fault("bad blob id");
    return id;
  }
  for (std::size_t i = 0; i < id.size(); ++i) id.at(i) = static_cast<std::uint8_t>(bytes[i]);
  return id;
}

/// What of a message changes while it waits.
void read_state(Reader& in, Message& out) {
  switch (in.tag()) {
    case 11: out.created = from_micros(in.signed_number()); break;
    case 12: out.due = from_micros(in.signed_number()); break;
    case 13: out.expires = from_micros(in.signed_number()); break;
    case 14: out.attempts = in.number<std::uint32_t>(); break;
    case 15: out.delay_told = in.boolean(); break;
    case 16: out.held = in.boolean(); break;
    case 17: out.held_why = in.text(); break;
    case 18: out.sender_proven = in.boolean(); break;
    case 19: out.junk = in.boolean(); break;
    case 22: out.expendable = in.boolean(); break;
    case 20: out.hidden.push_back({.begin = in.number(), .end = 0}); break;
    case 21:
      if (out.hidden.empty()) return in.fault("the end of a hidden range without its beginning");
      out.hidden.back().end = in.number();
      break;
    default: break;
  }
}

Result<QueueId> id_behind(const std::string& prefix, std::string_view key) {
  record::KeyReader in{key};
  const QueueId id{in.skip(prefix).u64()};
  POSTERN_CHECK(in.finish());
  return id;
}

}  // namespace

std::string message_key(QueueId id) {
  return key_of(layout::QueueKind::message).u64(id.value()).done();
}
std::string due_key(Timestamp due, QueueId id) {
  return key_of(layout::QueueKind::due).i64(to_micros(due)).u64(id.value()).done();
}
std::string messages_prefix() {
  return key_of(layout::QueueKind::message).done();
}
std::string due_prefix() {
  return key_of(layout::QueueKind::due).done();
}

Result<QueueId> parse_message_key(std::string_view key) {
  return id_behind(messages_prefix(), key);
}

Result<std::pair<Timestamp, QueueId>> parse_due_key(std::string_view key) {
  record::KeyReader in{key};
  const auto due = from_micros(in.skip(due_prefix()).i64());
  const QueueId id{in.u64()};
  POSTERN_CHECK(in.finish());
  return std::pair{due, id};
}

std::string order_key(QueueId id) {
  return key_of(layout::QueueKind::order).u64(id.value()).done();
}
std::string orders_prefix() {
  return key_of(layout::QueueKind::order).done();
}

Result<QueueId> parse_order_key(std::string_view key) {
  return id_behind(orders_prefix(), key);
}

std::string encode(const Message& message) {
  std::string out;
  Writer writer{out, kVersion};
  writer.number(1, message.trace.value())
      .number_unless_zero(2, message.sender.value())
      .text(3, {reinterpret_cast<const char*>(message.blob.data()), message.blob.size()})
      .number(4, message.body_size)
      .text_unless_empty(5, message.prefix)
      .number_unless_zero(6, message.has_8bit_header ? 1 : 0)
      .number_unless_zero(7, message.has_8bit_body ? 1 : 0)
      .number_unless_zero(8, message.has_long_lines ? 1 : 0)
      .text(9, encode_envelope(message.envelope));
  for (const auto& recipient : message.recipients) writer.text(10, encode_recipient(recipient));
  writer.signed_number(11, to_micros(message.created))
      .signed_number(12, to_micros(message.due))
      .signed_number(13, to_micros(message.expires))
      .number_unless_zero(14, message.attempts)
      .number_unless_zero(15, message.delay_told ? 1 : 0)
      .number_unless_zero(16, message.held ? 1 : 0)
      .text_unless_empty(17, message.held_why)
      .number_unless_zero(18, message.sender_proven ? 1 : 0)
      .number_unless_zero(19, message.junk ? 1 : 0)
      .number_unless_zero(22, message.expendable ? 1 : 0);
  for (const auto& [begin, end] : message.hidden) writer.number(20, begin).number(21, end);
  return out;
}

Result<Message> decode_message(QueueId id, std::string_view bytes) {
  Message out;
  out.id = id;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.trace = TraceId{in.number()}; break;
      case 2:  out.sender = AccountId{in.number()}; break;
      case 3:  out.blob = read_blob(in); break;
      case 4:  out.body_size = in.number(); break;
      case 5:  out.prefix = in.text(); break;
      case 6:  out.has_8bit_header = in.boolean(); break;
      case 7:  out.has_8bit_body = in.boolean(); break;
      case 8:  out.has_long_lines = in.boolean(); break;
      case 9:  out.envelope = decode_envelope(in); break;
      case 10: out.recipients.push_back(decode_recipient(in)); break;
      default: read_state(in, out); break;
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

std::string encode(const Order& order) {
  std::string out;
  Writer{out, kVersion}
      .number(1, static_cast<std::uint64_t>(order.kind))
      .text_unless_empty(2, order.why);
  return out;
}

Result<Order> decode_order(std::string_view bytes) {
  Order out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1: {
        const auto kind = in.number<std::uint8_t>();
        if (kind > static_cast<std::uint8_t>(Order::Kind::drop)) in.fault("bad order");
        out.kind = static_cast<Order::Kind>(kind);
        break;
      }
      case 2:  out.why = in.text(); break;
      default: break;
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

}  // namespace postern::queue
