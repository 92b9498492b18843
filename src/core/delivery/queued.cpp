#include "delivery/queued.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "delivery/plan.hpp"
#include "delivery/story.hpp"
#include "vocab/try.hpp"

namespace postern::delivery {
namespace {

using Fate = queue::RecipientOutcome;

constexpr std::uint64_t kReadStep = std::uint64_t{256} * 1024;

std::vector<store::Elided> elided_of(const queue::Job& job) {
  std::vector<store::Elided> out;
  out.reserve(job.hidden.size());
  for (const auto& [begin, end] : job.hidden) out.push_back({.begin = begin, .end = end});
  return out;
}

Fate delivered() {
  return {.kind = Fate::Kind::sent, .code = 250, .status = "2.0.0", .text = "Delivered"};
}

Fate gone(std::string text) {
  if (text.empty()) text = "No such mailbox here";
  return {.kind = Fate::Kind::failed, .code = 550, .status = "5.1.1", .text = std::move(text)};
}

Fate later(Errc why) {
  const bool full = why == Errc::over_quota;
  return {.kind = Fate::Kind::deferred,
          .code = full ? 452 : 451,
          .status = full ? "4.2.2" : "4.3.0",
          .text = full ? "The mailbox is full" : "The mail store cannot take it now"};
}

Recipient as_received(const queue::Recipient& recipient) {
  return {.address = recipient.address, .orcpt = recipient.orcpt, .notify = recipient.notify};
}

/// Refusals that leave the commit undone for sure, and are one account's.
bool is_accounts(Errc code) {
  return code == Errc::over_quota || code == Errc::not_found;
}

/// After these nobody knows whether the commit is on disk: a write of the engine that failed is
/// told as `io_failed` or as `corrupt`.
bool leaves_doubt(Errc code) {
  return code == Errc::outcome_unknown || code == Errc::io_failed || code == Errc::corrupt;
}

}  // namespace

std::unique_ptr<queue::LocalDelivery> make_queued_delivery(store::MailStore& store,
                                                           const directory::Directory& directory,
                                                           queue::Queue& queue, trace::Log& trace,
                                                           Core& core) {
  return std::make_unique<QueuedDelivery>(store, directory, queue, trace, core);
}

Task<bool> QueuedDelivery::is_local(std::string domain) {
  co_return directory_.is_local_domain(domain);
}

Task<queue::Attempt> QueuedDelivery::attempt_local(queue::Job job, queue::Settle settle) {
  auto round = plan(job);
  queue::Attempt attempt;
  const auto done = co_await settle_all(round, job, settle);
  attempt.settled = done.has_value();
  if (!done) {
    attempt.unknown = leaves_doubt(done.error().code);
    for (auto& outcome : round.outcomes)
      if (outcome.kind == Fate::Kind::sent) outcome = later(done.error().code);
  }
  attempt.outcomes = std::move(round.outcomes);
  for (const auto& outcome : attempt.outcomes)
    attempt.steps.push_back("local: " + std::to_string(outcome.code) + ' ' + outcome.text);
  co_return attempt;
}

QueuedDelivery::Round QueuedDelivery::plan(const queue::Job& job) const {
  using Kind = directory::Resolution::Kind;
  Round round;
  std::vector<directory::Resolution> found;
  for (std::size_t i = 0; i < job.recipients.size(); ++i) {
    auto& one = found.emplace_back(directory_.resolve(job.recipients.at(i).address));
    auto& route = round.routes.emplace_back();
    // Not ours any more: the next attempt goes out.
    if (one.kind == Kind::not_local) route.fate = later(Errc::unavailable);
    if (one.kind == Kind::unknown || one.kind == Kind::disabled)
      route.fate = gone(std::move(one.text));
    if (!route.fate) route.remote = std::move(one.remote);
  }
  // Whose own address it is comes first: there is always room for them in the commit.
  for (const bool alone : {true, false}) add_targets(round, found, alone);
  return round;
}

void QueuedDelivery::add_targets(Round& round, std::vector<directory::Resolution>& found,
                                 bool alone) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto& route = round.routes.at(i);
    auto& accounts = found.at(i).accounts;
    if (route.fate || (accounts.size() == 1 && route.remote.empty()) != alone) continue;
    for (auto& local : accounts) {
      const auto [at, fresh] = round.known.try_emplace(local.account, round.targets.size());
      route.targets.push_back(at->second);
      if (!fresh) continue;
      round.targets.push_back({.account = local.account,
                               .address = std::move(local.address),
                               .recipient = i,
                               .takes = round.targets.size() < kMaxCopies,
                               .own = alone});
    }
  }
}

/// Sets aside who cannot take the message. `distrust`: who has any limit, because somebody filled
/// up between the question and the commit; all, if nobody has.
Task<> QueuedDelivery::ask_quotas(Round& round, const queue::Job& job, bool distrust) {
  bool any = false;
  for (auto& target : round.targets) {
    if (!target.takes) continue;
    const auto& to = job.recipients.at(target.recipient).address;
    const auto size = job.size + copy_prefix(job.envelope, to, {}).size();
    const auto quota = co_await store_.check_quota(
        target.account, distrust ? std::numeric_limits<std::uint64_t>::max() : size);
    if (quota && *quota == store::QuotaVerdict::ok) continue;
    any = true;
    target.takes = false;
    target.why_not = quota ? Errc::over_quota : quota.error().code;
  }
  if (!distrust || any) co_return;
  for (auto& target : round.targets) target.takes = false;
}

/// What becomes of a recipient if the next commit succeeds.
Fate QueuedDelivery::judged(const Round& round, const Route& route) {
  if (route.fate) return *route.fate;
  if (!route.remote.empty()) return delivered();
  auto outcome = gone({});
  for (const auto at : route.targets) {
    const auto& target = round.targets.at(at);
    if (target.takes) return delivered();
    if (target.why_not != Errc::not_found) outcome = later(target.why_not);
  }
  return outcome;
}

Task<Result<void>> QueuedDelivery::settle_all(Round& round, const queue::Job& job,
                                              const queue::Settle& settle) {
  Staged message;
  co_await ask_quotas(round, job, false);
  for (;;) {
    round.outcomes.clear();
    for (const auto& route : round.routes) round.outcomes.push_back(judged(round, route));
    const auto sent = std::ranges::find(round.outcomes, Fate::Kind::sent, &Fate::kind);
    if (sent == round.outcomes.end()) co_return fail(Errc::not_found, "nothing to commit");
    if (!message) {
      POSTERN_CO_TRY(message, co_await stage(job));
    }
    auto done = co_await commit(round, job, message, settle);
    if (done || !is_accounts(done.error().code)) co_return done;
    co_await ask_quotas(round, job, true);
  }
}

Task<Result<QueuedDelivery::Staged>> QueuedDelivery::stage(const queue::Job& job) {
  const auto draft = store_.new_draft();
  for (std::uint64_t at = 0; at < job.size;) {
    POSTERN_CO_TRY(const auto octets, co_await job.read(at, std::min(kReadStep, job.size - at)));
    if (octets.empty()) co_return fail(Errc::corrupt, "the queued message is shorter than it was");
    POSTERN_CO_CHECK(co_await draft->feed(octets));
    at += octets.size();
  }
  co_return co_await draft->finish();
}

/// Where an address that has become an alias leads beside those who take their copy now: a queue
/// record of their own. Who waits under his own address stays in the one he has.
std::optional<queue::Message> QueuedDelivery::onward(const Round& round, const queue::Job& job,
                                                     const store::StagedMessage& message) const {
  std::vector<queue::Recipient> to;
  std::vector<bool> named(round.targets.size());
  for (std::size_t i = 0; i < round.routes.size(); ++i) {
    const auto& route = round.routes.at(i);
    if (route.alone() || round.outcomes.at(i).kind != Fate::Kind::sent) continue;
    const auto recipient = as_received(job.recipients.at(i));
    for (const auto& address : route.remote)
      to.push_back(to_member(address, recipient, route.targets.size() + route.remote.size() == 1));
    for (const auto at : route.targets) {
      const auto& target = round.targets.at(at);
      if (target.takes || target.own || target.why_not == Errc::not_found || named.at(at)) continue;
      named.at(at) = true;
      to.push_back(to_account(target.address, recipient));
    }
  }
  if (to.empty()) return std::nullopt;
  const auto now = core_.clock.now();
  return queue::Message{.id = queue_.new_id(),
                        .trace = job.trace,
                        .sender = job.sender,
                        .blob = message.blob,
                        .body_size = message.size,
                        .prefix = {},
                        .has_8bit_header = message.parsed.header_8bit,
                        .has_8bit_body = message.parsed.has_8bit,
                        .has_long_lines = message.has_long_lines,
                        .envelope = job.envelope,
                        .recipients = std::move(to),
                        .created = now,
                        .due = now,
                        .expires = job.expires,
                        .held_why = {},
                        .sender_proven = job.sender_proven,
                        .junk = job.junk,
                        .hidden = job.hidden};
}

Task<Result<void>> QueuedDelivery::commit(const Round& round, const queue::Job& job, Staged message,
                                          const queue::Settle& settle) {
  std::vector<store::Placement> placements;
  for (const auto& target : round.targets) {
    if (!target.takes) continue;
    const auto& to = job.recipients.at(target.recipient).address;
    // Our Received is the first line of what was queued.
    placements.push_back({.account = target.account,
                          .mailbox = job.junk ? store::SpecialUse::junk : store::SpecialUse::none,
                          .prefix = copy_prefix(job.envelope, to, {}),
                          .elided = elided_of(job),
                          .flags = {}});
  }
  auto queued = onward(round, job, *message);
  auto also = settle(round.outcomes);
  if (queued) {
    queue_.add(also, *queued);
    trace_.add(also, queued_event(*queued, core_.clock.now()), addresses_of(*queued));
  }
  POSTERN_CO_TRY(const auto placed,
                 co_await store_.deliver(std::move(message), std::move(placements), std::move(also),
                                         queued.has_value()));
  after_commit([&] {
    if (queued) queue_.committed(*std::move(queued));
    if (!placed.empty()) trace_.note(delivered_event(job.trace, core_.clock.now(), placed));
  });
  co_return Result<void>{};
}

}  // namespace postern::delivery
