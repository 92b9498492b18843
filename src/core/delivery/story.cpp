#include "delivery/story.hpp"

namespace postern::delivery {

trace::Event delivered_event(TraceId id, Timestamp now, const std::vector<store::Placed>& placed) {
  trace::Event event{.id = id, .time = now, .kind = trace::Kind::delivered, .fields = {}};
  for (const auto& one : placed) {
    if (placed.size() > 1)
      event.fields.emplace_back("account", trace::to_text(TraceId{one.account.value()}));
    event.fields.emplace_back("mailbox", one.mailbox_name);
    event.fields.emplace_back("uid", std::to_string(one.uid.value()));
  }
  return event;
}

trace::Event queued_event(const queue::Message& message, Timestamp now) {
  trace::Event event{.id = message.trace, .time = now, .kind = trace::Kind::queued, .fields = {}};
  event.fields.emplace_back("queue", trace::to_text(TraceId{message.id.value()}));
  for (const auto& recipient : message.recipients)
    event.fields.emplace_back("to", smtp::to_string(recipient.address));
  return event;
}

std::vector<std::string> addresses_of(const queue::Message& message) {
  std::vector<std::string> out;
  out.reserve(message.recipients.size() + 1);
  for (const auto& recipient : message.recipients)
    out.push_back(smtp::address_key(recipient.address));
  if (message.envelope.from) out.push_back(smtp::address_key(*message.envelope.from));
  return out;
}

}  // namespace postern::delivery
