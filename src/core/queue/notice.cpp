#include "queue/notice.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "trace/trace.hpp"

namespace postern::queue {
namespace {

bool may_be_told(const Message& message) {
  return message.envelope.from.has_value() && message.sender_proven;
}

bool wants(const Recipient& recipient, std::uint8_t what) {
  return (recipient.notify.bits & Notify::kNever) == 0 && (recipient.notify.bits & what) != 0;
}

report::Action action_of(const Recipient& recipient) {
  switch (recipient.state) {
    case RecipientState::waiting: return report::Action::delayed;
    case RecipientState::sent:
      return recipient.last_host.empty() ? report::Action::delivered : report::Action::relayed;
    case RecipientState::failed:
    case RecipientState::dropped: break;
  }
  return report::Action::failed;
}

smtp::EnhancedStatus status_of(const Recipient& recipient) {
  if (const auto status = smtp::parse_enhanced_status(recipient.last_status)) return *status;
  switch (recipient.state) {
    case RecipientState::waiting: return {4, 0, 0};
    case RecipientState::sent:    return {2, 0, 0};
    case RecipientState::failed:
    case RecipientState::dropped: break;
  }
  return {5, 0, 0};
}

smtp::Address postmaster_of(std::string_view hostname) {
  smtp::Address out{.local = "postmaster", .domain = {}};
  if (auto domain = smtp::parse_domain(hostname)) out.domain = *std::move(domain);
  return out;
}

}  // namespace

Tell tell_failure(const Message& message, const Recipient& recipient) {
  if (message.expendable) return Tell::nobody;
  if (!message.envelope.from) return Tell::person;
  if (!wants(recipient, Notify::kFailure)) return Tell::nobody;
  return message.sender_proven ? Tell::sender : Tell::person;
}

std::string why_held(const Message& message, const Recipient& recipient) {
  const std::string_view reason = message.envelope.from
                                      ? "the sender is not proven, so nobody is told"
                                      : "a notice without sender cannot be returned";
  return fmt::format("{} failed ({}); {}", smtp::to_string(recipient.address), recipient.last_text,
                     reason);
}

bool tell_delay(const Message& message, const Recipient& recipient) {
  return may_be_told(message) && wants(recipient, Notify::kDelay);
}

bool tell_success(const Message& message, const Recipient& recipient, bool dsn_passed_on) {
  return !dsn_passed_on && may_be_told(message) && wants(recipient, Notify::kSuccess);
}

// NOLINTNEXTLINE(readability-function-size): what a report is made of, each named once
report::DsnRequest dsn_request(const Message& message, const std::vector<std::size_t>& recipients,
                               std::string_view hostname, std::string_view original, Timestamp now,
                               Random& random) {
  report::DsnRequest out{
      .to = message.envelope.from.value_or(smtp::Address{}),
      .from = postmaster_of(hostname),
      .reporting_mta = std::string{hostname},
      .message_id = fmt::format("{:016x}@{}", random.u64(), hostname),
      .boundary = fmt::format("{:016x}{:016x}", random.u64(), random.u64()),
      .trace_id = trace::to_text(message.trace),
      .now = now,
      .arrival = message.created,
      .smtputf8 = message.envelope.smtputf8,
      .recipients = {},
      .original = original,
      .original_is_whole = original.size() == message.prefix.size() + message.body_size};
  if (!message.envelope.envid.empty()) out.envid = message.envelope.envid;
  if (message.envelope.return_full) out.ret = smtp::Ret::full;
  for (const auto index : recipients) {
    const Recipient& recipient = message.recipients.at(index);
    report::DsnRecipient entry{.address = recipient.address,
                               .original = smtp::split_original(recipient.orcpt),
                               .action = action_of(recipient),
                               .status = status_of(recipient),
                               .remote_mta = recipient.last_host,
                               .reason = recipient.last_text,
                               .last_attempt = now,
                               .retry_until = message.expires};
    if (recipient.last_code != 0 && !recipient.last_host.empty()) {
      entry.reply = smtp::Reply{.code = recipient.last_code,
                                .status = smtp::parse_enhanced_status(recipient.last_status),
                                .text = recipient.last_text};
    }
    out.recipients.push_back(std::move(entry));
  }
  return out;
}

}  // namespace postern::queue
