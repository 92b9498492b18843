// Messages of our own making: DSNs that the queue hands in, and those for mail delivered here.
#include <exception>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "delivery/local_delivery.hpp"
#include "delivery/story.hpp"
#include "dkim/sign.hpp"
#include "report/dsn.hpp"
#include "vocab/try.hpp"

namespace postern::delivery {
namespace {

/// Whether somebody asked for it and may be told (A11).
bool wants_success(const Transaction& transaction, const Recipient& recipient) {
  const auto& source = transaction.source;
  return transaction.envelope.from && (source.submission || source.sender_proven) &&
         (recipient.notify.bits & queue::Notify::kSuccess) != 0 &&
         (recipient.notify.bits & queue::Notify::kNever) == 0;
}

/// Recipients with a copy in some mailbox, each once, whoever it was made for.
std::set<std::size_t> served(const Plan& plan) {
  std::set<AccountId> accounts;
  std::set<std::size_t> out;
  for (const auto& copy : plan.copies) {
    accounts.insert(copy.account);
    out.insert(copy.recipient);
  }
  for (const auto& copy : plan.repeated) {
    if (accounts.contains(copy.account)) out.insert(copy.recipient);
  }
  return out;
}

smtp::Address postmaster_of(const std::string& hostname) {
  return {.local = "postmaster", .domain = {.text = hostname, .ascii = hostname}};
}

}  // namespace

/// A notice that cannot be signed is still better than none.
Task<std::string> LocalDelivery::sign_notice(std::string_view content) const {
  if (settings_.signer == nullptr) co_return std::string{};
  const auto message = dkim::read_message(content, {.bodies = {dkim::kSignedBody}});
  auto done = co_await settings_.signer->sign(message);
  co_return done ? std::move(done->fields) : std::string{};
}

Task<Result<TraceId>> LocalDelivery::submit_notice(std::string content, smtp::Address to,
                                                   TraceId about) {
  const auto draft = store_.new_draft();
  POSTERN_CO_CHECK(co_await draft->feed(content));
  POSTERN_CO_TRY(auto message, co_await draft->finish());
  auto signature = co_await sign_notice(content);
  const bool eight_bit = message->parsed.has_8bit;
  const bool utf8 = message->parsed.header_8bit || to.needs_smtputf8();
  const auto id = trace_.new_id();
  Transaction transaction{
      .id = id,
      .source = {.submission = true, .account = {}},
      .envelope = {.from = std::nullopt, .body_8bit = eight_bit, .smtputf8 = utf8},
      .recipients = {},
      .received = {},
      .verdict = std::move(signature),
      .facts = {}};
  transaction.expendable = about == TraceId{};
  if (about != TraceId{}) transaction.facts.emplace_back("about", trace::to_text(about));
  // RFC 3461 §6.1: a DSN asks for none.
  transaction.recipients.push_back({.address = std::move(to),
                                    .orcpt = {},
                                    .notify = {.bits = queue::Notify::kNever, .given = true}});
  POSTERN_CO_CHECK(co_await deliver(std::move(transaction), std::move(message)));
  co_return id;
}

/// After the commit: neither a crash nor a bug here changes what the sender of the mail is told.
Task<> LocalDelivery::tell_success(const Transaction& transaction, Staged message,
                                   const Plan& plan) {
  try {
    co_await write_success(transaction, std::move(message), plan);
  } catch (const std::exception&) {
    after_commit([&] {
      trace_.note({.id = transaction.id,
                   .time = core_.clock.now(),
                   .kind = trace::Kind::note,
                   .fields = {{"why", "the notice of success could not be made"}}});
    });
  }
}

/// RFC 3461 §5.2.1: "delivered", for those who asked.
Task<> LocalDelivery::write_success(const Transaction& transaction, Staged message,
                                    const Plan& plan) {
  report::DsnRequest request;
  for (const auto index : served(plan)) {
    const auto& recipient = transaction.recipients.at(index);
    if (!wants_success(transaction, recipient)) continue;
    report::DsnRecipient entry{.address = recipient.address,
                               .original = smtp::split_original(recipient.orcpt),
                               .action = report::Action::delivered,
                               .status = {.severity = 2},
                               .reason = "Delivered to the mailbox"};
    request.recipients.push_back(std::move(entry));
  }
  if (request.recipients.empty()) co_return;
  const auto now = core_.clock.now();
  request.to = transaction.envelope.from.value_or(smtp::Address{});
  request.from = postmaster_of(settings_.hostname);
  request.reporting_mta = settings_.hostname;
  request.message_id = fmt::format("{:016x}@{}", core_.random.u64(), settings_.hostname);
  request.boundary = fmt::format("{:016x}{:016x}", core_.random.u64(), core_.random.u64());
  request.trace_id = trace::to_text(transaction.id);
  request.now = now;
  request.arrival = now;
  if (!transaction.envelope.envid.empty()) request.envid = transaction.envelope.envid;
  request.smtputf8 = transaction.envelope.smtputf8;
  request.original = message->parsed.header;
  request.original_is_whole = false;
  auto dsn = report::build_dsn(request);
  const auto sent = co_await submit_notice(std::move(dsn.message), request.to, transaction.id);
  trace::Event event{.id = transaction.id, .time = now, .kind = trace::Kind::bounced, .fields = {}};
  event.fields.emplace_back("about", "success");
  event.fields.emplace_back("to", smtp::to_string(request.to));
  event.fields.emplace_back(
      sent ? "trace" : "why",
      sent ? trace::to_text(*sent) : std::string{postern::to_string(sent.error().code)});
  trace_.note(std::move(event));
}

}  // namespace postern::delivery
