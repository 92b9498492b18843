#include "delivery/local_delivery.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "delivery/story.hpp"
#include "vocab/try.hpp"

namespace postern::delivery {
namespace {

using Verdict = RecipientVerdict::Kind;

/// Trace fields beyond this are not worth their bytes; each address is findable all the same.
constexpr std::size_t kMaxTracedRecipients = 100;

/// Too much for any account with a quota.
constexpr std::uint64_t kAnySize = std::numeric_limits<std::uint64_t>::max();

/// Of what nobody misses: a host that takes none of it for a day gets another tomorrow.
constexpr Duration kExpendableLife = std::chrono::hours{24};

RecipientVerdict verdict(Verdict kind, std::string text = {}) {
  return {.kind = kind, .text = std::move(text)};
}

/// Of several accounts that all refuse, the verdict that leaves most hope.
Verdict more_hopeful(Verdict a, Verdict b) {
  for (const auto kind : {Verdict::try_later, Verdict::full, Verdict::full_long}) {
    if (a == kind || b == kind) return kind;
  }
  return a;
}

Verdict to_verdict(const Result<store::QuotaVerdict>& answer) {
  if (!answer) return Verdict::try_later;
  switch (*answer) {
    case store::QuotaVerdict::ok:         return Verdict::accept;
    case store::QuotaVerdict::full:       return Verdict::full;
    case store::QuotaVerdict::full_long:  return Verdict::full_long;
    case store::QuotaVerdict::never_fits: return Verdict::never_fits;
  }
  return Verdict::try_later;
}

/// What we put before the message, whoever gets it.
std::string fields_before(const Transaction& transaction) {
  return transaction.verdict +
         received_for(transaction.received, transaction.recipients, transaction.envelope.smtputf8);
}

std::vector<queue::Hidden> hidden_of(const std::vector<store::Elided>& elided) {
  std::vector<queue::Hidden> out;
  out.reserve(elided.size());
  for (const auto& [begin, end] : elided) out.push_back({.begin = begin, .end = end});
  return out;
}

Handling handling_of(const Transaction& transaction, AccountId account) {
  const auto own = transaction.by_account.find(account);
  if (own != transaction.by_account.end()) return own->second;
  return {.folder = transaction.junk ? Folder::junk : Folder::inbox};
}

std::string sender_of(const queue::Envelope& envelope) {
  return envelope.from ? smtp::to_string(*envelope.from) : "<>";
}

}  // namespace

Task<RecipientVerdict> LocalDelivery::check(const smtp::Address& recipient, std::uint64_t size,
                                            Source source) {
  using Kind = directory::Resolution::Kind;
  auto found = directory_.resolve(recipient);
  switch (found.kind) {
    case Kind::not_local:
      co_return verdict(source.submission ? Verdict::accept : Verdict::relay_denied);
    case Kind::unknown:  co_return verdict(Verdict::unknown);
    case Kind::disabled: co_return verdict(Verdict::disabled, std::move(found.text));
    case Kind::found:    break;
  }
  if (!found.remote.empty()) co_return verdict(Verdict::accept);
  std::vector<AccountId> accounts;
  accounts.reserve(found.accounts.size());
  for (const auto& local : found.accounts) accounts.push_back(local.account);
  co_return co_await check_accounts(std::move(accounts), size);
}

/// Those of an alias' members that cannot take it are queued; all of them cannot: say so.
Task<RecipientVerdict> LocalDelivery::check_accounts(std::vector<AccountId> accounts,
                                                     std::uint64_t size) {
  auto worst = Verdict::never_fits;
  for (const auto account : accounts) {
    const auto quota = co_await store_.check_quota(account, size);
    const auto answer = to_verdict(quota);
    if (answer == Verdict::accept) co_return verdict(Verdict::accept);
    worst = more_hopeful(worst, answer);
  }
  co_return verdict(worst);
}

Task<Result<Outcome>> LocalDelivery::deliver(Transaction transaction, Staged message) {
  if (message->parsed.received_count > settings_.max_received) {
    Error loop{.code = Errc::policy_reject, .detail = "too many Received fields: a loop"};
    note_refused(transaction, loop);
    co_return std::unexpected(std::move(loop));
  }
  auto plan = make_plan(directory_, transaction.recipients);
  if (const auto leads = plan ? plan->first_elsewhere() : std::nullopt; leads && transaction.seal) {
    transaction.sealed =
        co_await transaction.seal(transaction.recipients.at(*leads).address.domain.ascii);
  }
  // Each round puts at least one account aside, and the second puts aside whom it is not sure of.
  for (int round = 0; plan; ++round) {
    auto outcome = co_await commit(transaction, message, *plan);
    if (outcome) {
      co_await tell_success(transaction, message, *plan);
      co_return outcome;
    }
    const auto code = outcome.error().code;
    const bool one_account = code == Errc::over_quota || code == Errc::not_found;
    if (!one_account || plan->copies.empty()) {
      plan = std::unexpected(std::move(outcome).error());
    } else {
      plan =
          co_await make_room(*std::move(plan), transaction, round == 0 ? message->size : kAnySize);
    }
  }
  note_refused(transaction, plan.error());
  co_return std::unexpected(std::move(plan).error());
}

/// After a commit that some account refused: puts those aside that say they cannot take `size`
/// (all, if none does: whatever it was, the queue delivers to them one by one). When nobody is
/// left: `too_large` if none of them could ever hold it, else `over_quota`.
Task<Result<Plan>> LocalDelivery::make_room(Plan plan, const Transaction& transaction,
                                            std::uint64_t size) {
  std::vector<bool> aside;
  bool hopeless = size != kAnySize;
  for (const auto& copy : plan.copies) {
    const auto quota = co_await store_.check_quota(copy.account, size);
    const auto answer = to_verdict(quota);
    aside.push_back(answer != Verdict::accept);
    hopeless = hopeless && answer == Verdict::never_fits;
  }
  const bool known = std::ranges::find(aside, true) != aside.end();
  if (!known) aside.assign(aside.size(), true);
  const auto alone = plan.copies.size() == 1;
  set_aside(plan, aside, transaction.recipients);
  if (plan.copies.empty() && plan.onward.size() == plan.waiting && (known || alone)) {
    co_return fail(hopeless ? Errc::too_large : Errc::over_quota,
                   "no recipient can take the message");
  }
  co_return plan;
}

std::optional<queue::Message> LocalDelivery::to_queue(const Transaction& transaction,
                                                      const store::StagedMessage& message,
                                                      const Plan& plan) const {
  if (plan.onward.empty()) return std::nullopt;
  const auto now = core_.clock.now();
  const auto& source = transaction.source;
  const auto& envelope = transaction.envelope;
  const auto life = transaction.expendable ? std::min(settings_.queue_life, kExpendableLife)
                                           : settings_.queue_life;
  // From here it would be our junk. What waits is one message for all that do: if it is junk to one
  // of them, they all have to look there.
  bool held = false;
  bool junk = false;
  for (const auto& [recipient, account, elsewhere] : plan.origins) {
    if (account == AccountId{} && !elsewhere) continue;  // exists no more: it is sent back
    const bool doubtful = handling_of(transaction, account).folder != Folder::inbox;
    held = held || (doubtful && elsewhere);
    junk = junk || doubtful;
  }
  return queue::Message{.id = queue_.new_id(),
                        .trace = transaction.id,
                        .sender = source.account,
                        .blob = message.blob,
                        .body_size = message.size,
                        .prefix = transaction.sealed + fields_before(transaction),
                        .has_8bit_header = message.parsed.header_8bit,
                        .has_8bit_body = message.parsed.has_8bit,
                        .has_long_lines = message.has_long_lines,
                        .envelope = envelope,
                        .recipients = plan.onward,
                        .created = now,
                        .due = now,
                        .expires = now + life,
                        .held = held,
                        .held_why = held ? "junk is not passed on to others" : "",
                        .sender_proven = source.submission || source.sender_proven,
                        .junk = junk,
                        .hidden = hidden_of(transaction.elided),
                        .expendable = transaction.expendable};
}

/// "Rejects" is made when it is first needed; where that cannot be, Junk takes its place.
Task<store::Placement> LocalDelivery::place(const Transaction& transaction, const Copy& copy,
                                            std::string_view fields) {
  const auto& recipient = transaction.recipients.at(copy.recipient);
  const auto [folder, reason] = handling_of(transaction, copy.account);
  store::Placement out{
      .account = copy.account,
      .mailbox = folder == Folder::inbox ? store::SpecialUse::none : store::SpecialUse::junk,
      .prefix = copy_prefix(transaction.envelope, recipient.address, reason + std::string{fields}),
      .elided = transaction.elided,
      .flags = {}};
  if (folder != Folder::rejects) co_return out;
  const auto session = store_.open(copy.account, copy.address);
  auto rejects = co_await session->mailbox("Rejects");
  if (!rejects) rejects = co_await session->create_mailbox("Rejects", store::SpecialUse::none);
  if (rejects) out.mailbox = rejects->id;
  co_return out;
}

Task<Result<Outcome>> LocalDelivery::commit(const Transaction& transaction, Staged message,
                                            Plan plan) {
  const auto fields = fields_before(transaction);
  std::vector<store::Placement> placements;
  placements.reserve(plan.copies.size());
  for (const auto& copy : plan.copies) {
    auto placement = co_await place(transaction, copy, fields);
    placements.push_back(std::move(placement));
  }
  auto queued = to_queue(transaction, *message, plan);
  kv::Batch also = transaction.also;
  trace_received(also, transaction, message->size, plan, queued);
  if (queued) queue_.add(also, *queued);
  POSTERN_CO_TRY(auto placed, co_await store_.deliver(message, std::move(placements),
                                                      std::move(also), queued.has_value()));
  Outcome outcome{.placed = std::move(placed), .queued = std::nullopt};
  if (queued) outcome.queued = queued->id;
  after_commit([&] {
    if (queued) queue_.committed(*std::move(queued));
  });
  after_commit([&] {
    if (outcome.placed.empty()) return;
    trace_.note(delivered_event(transaction.id, core_.clock.now(), outcome.placed));
  });
  co_return outcome;
}

void LocalDelivery::trace_received(kv::Batch& batch, const Transaction& transaction,
                                   std::uint64_t size, const Plan& plan,
                                   const std::optional<queue::Message>& queued) const {
  trace::Event event{
      .id = transaction.id, .time = core_.clock.now(), .kind = trace::Kind::received, .fields = {}};
  auto& fields = event.fields;
  std::vector<std::string> addresses;
  if (!transaction.peer.empty()) fields.emplace_back("peer", transaction.peer);
  fields.insert(fields.end(), transaction.facts.begin(), transaction.facts.end());
  fields.emplace_back("from", sender_of(transaction.envelope));
  if (transaction.envelope.from) addresses.push_back(smtp::address_key(*transaction.envelope.from));
  for (const auto& [address, orcpt, notify] : transaction.recipients) {
    addresses.push_back(smtp::address_key(address));
    if (addresses.size() <= kMaxTracedRecipients)
      fields.emplace_back("to", smtp::to_string(address));
  }
  fields.emplace_back("size", std::to_string(size));
  for (const auto& copy : plan.copies) {
    if (copy.address == smtp::to_string(transaction.recipients.at(copy.recipient).address))
      continue;
    fields.emplace_back("account", copy.address);
    addresses.push_back(copy.address);
  }
  for (const auto& recipient : plan.onward)
    addresses.push_back(smtp::address_key(recipient.address));
  if (queued) fields.emplace_back("queue", trace::to_text(TraceId{queued->id.value()}));
  trace_.add(batch, event, addresses);
}

void LocalDelivery::note_refused(const Transaction& transaction, const Error& error) const {
  trace::Event event{
      .id = transaction.id, .time = core_.clock.now(), .kind = trace::Kind::refused, .fields = {}};
  if (!transaction.peer.empty()) event.fields.emplace_back("peer", transaction.peer);
  event.fields.emplace_back("from", sender_of(transaction.envelope));
  std::vector<std::string> addresses;
  if (transaction.envelope.from) addresses.push_back(smtp::address_key(*transaction.envelope.from));
  const auto count = std::min(transaction.recipients.size(), kMaxTracedRecipients);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& to = transaction.recipients.at(i).address;
    event.fields.emplace_back("to", smtp::to_string(to));
    addresses.push_back(smtp::address_key(to));
  }
  event.fields.emplace_back("why", to_string(error.code));
  trace_.note(std::move(event), addresses);
}

// NOLINTNEXTLINE(readability-function-size): what it is wired to, each named once
std::unique_ptr<Delivery> make_delivery(store::MailStore& store, directory::Directory& directory,
                                        queue::Queue& queue, trace::Log& trace, Core& core,
                                        Settings settings) {
  return std::make_unique<LocalDelivery>(store, directory, queue, trace, core, std::move(settings));
}

}  // namespace postern::delivery
