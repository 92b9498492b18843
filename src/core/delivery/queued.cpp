// Local recipients that come back from the queue.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "delivery/local_delivery.hpp"
#include "vocab/try.hpp"

namespace postern::delivery {
namespace {

using Fate = queue::RecipientOutcome;

constexpr std::uint64_t kReadStep = std::uint64_t{256} * 1024;

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

/// The jobs of local domains go to delivery.
class LocalTransport final : public queue::Transport {
 public:
  LocalTransport(Delivery& delivery, const directory::Directory& directory,
                 queue::Transport& remote)
      : delivery_{delivery}, directory_{directory}, remote_{remote} {}

  Task<queue::Attempt> attempt(queue::Job job) override {
    if (directory_.is_local_domain(job.domain)) return delivery_.deliver_queued(std::move(job));
    return remote_.attempt(std::move(job));
  }

 private:
  Delivery& delivery_;
  const directory::Directory& directory_;
  queue::Transport& remote_;
};

}  // namespace

std::unique_ptr<queue::Transport> make_transport(Delivery& delivery,
                                                 const directory::Directory& directory,
                                                 queue::Transport& remote) {
  return std::make_unique<LocalTransport>(delivery, directory, remote);
}

Task<queue::Attempt> LocalDelivery::deliver_queued(queue::Job job) {
  using Kind = directory::Resolution::Kind;
  queue::Attempt attempt;
  attempt.outcomes.assign(job.recipients.size(), later(Errc::unavailable));
  std::vector<Waiting> group;
  std::unordered_set<AccountId> served;
  for (std::size_t i = 0; i < job.recipients.size(); ++i) {
    auto& outcome = attempt.outcomes.at(i);
    auto found = directory_.resolve(job.recipients.at(i).address);
    if (found.kind == Kind::not_local) continue;  // not ours any more: the next attempt goes out
    if (found.kind != Kind::found) {
      outcome = gone(std::move(found.text));
    } else if (found.accounts.size() != 1 || !found.remote.empty()) {
      outcome = co_await deliver_again(job, job.recipients.at(i));
    } else if (!served.insert(found.accounts.front().account).second) {
      outcome = delivered();  // with the other recipient; if that one waits, so does the mail
    } else {
      group.push_back({.index = i, .account = found.accounts.front().account});
    }
    if (group.size() == kMaxCopies) {
      co_await place_or_split(job, group, attempt);
      group.clear();
    }
  }
  if (!group.empty()) co_await place_or_split(job, group, attempt);
  for (const auto& outcome : attempt.outcomes)
    attempt.steps.push_back("local: " + std::to_string(outcome.code) + ' ' + outcome.text);
  co_return attempt;
}

/// All in one commit; when that is refused for one of them, each for itself.
Task<> LocalDelivery::place_or_split(const queue::Job& job, const std::vector<Waiting>& group,
                                     queue::Attempt& attempt) {
  const auto together = co_await place_queued(job, group);
  const bool split =
      !together && group.size() > 1 &&
      (together.error().code == Errc::over_quota || together.error().code == Errc::not_found);
  for (const auto& one : group) {
    Result<void> result = together;
    if (split) {
      const std::vector<Waiting> alone{one};
      result = co_await place_queued(job, alone);
    }
    auto& outcome = attempt.outcomes.at(one.index);
    if (result) {
      outcome = delivered();
    } else if (result.error().code == Errc::not_found) {
      outcome = gone({});
    } else {
      outcome = later(result.error().code);
    }
  }
}

Task<Result<LocalDelivery::Staged>> LocalDelivery::stage(const queue::Job& job) {
  const auto draft = store_.new_draft();
  for (std::uint64_t at = 0; at < job.size;) {
    POSTERN_CO_TRY(const auto octets, co_await job.read(at, std::min(kReadStep, job.size - at)));
    if (octets.empty()) co_return fail(Errc::corrupt, "the queued message is shorter than it was");
    POSTERN_CO_CHECK(co_await draft->feed(octets));
    at += octets.size();
  }
  co_return co_await draft->finish();
}

Task<Result<void>> LocalDelivery::place_queued(const queue::Job& job,
                                               const std::vector<Waiting>& group) {
  // At RCPT the quota was not asked: over it, a message waits.
  if (group.size() == 1) {
    POSTERN_CO_TRY(const auto quota, co_await store_.check_quota(group.front().account, job.size));
    if (quota != store::QuotaVerdict::ok) co_return fail(Errc::over_quota);
  }
  POSTERN_CO_TRY(auto message, co_await stage(job));
  std::vector<store::Placement> placements;
  for (const auto& one : group) {
    const auto& to = job.recipients.at(one.index).address;
    // Our Received is the first line of what was queued.
    placements.push_back({.account = one.account,
                          .mailbox = store::SpecialUse::none,
                          .prefix = copy_prefix(job.envelope, to, {}),
                          .elided = {},
                          .flags = {}});
  }
  POSTERN_CO_TRY(const auto placed,
                 co_await store_.deliver(std::move(message), std::move(placements), {}, false));
  note_placed(job.trace, placed);
  co_return Result<void>{};
}

/// An address that has become an alias since: as if it came in now, with a queue record of its own
/// for whoever must wait again.
Task<queue::RecipientOutcome> LocalDelivery::deliver_again(const queue::Job& job,
                                                           const queue::Recipient& to) {
  auto message = co_await stage(job);
  if (!message) co_return later(message.error().code);
  Transaction transaction{.id = job.trace,
                          .source = {.submission = false, .account = {}, .sender_proven = false},
                          .envelope = job.envelope,
                          .recipients = {}};
  transaction.recipients.push_back({.address = to.address, .orcpt = to.orcpt, .notify = to.notify});
  const auto done = co_await deliver(std::move(transaction), *std::move(message));
  if (done) co_return delivered();
  if (done.error().code == Errc::not_found || done.error().code == Errc::policy_reject)
    co_return gone({});
  co_return later(done.error().code);
}

}  // namespace postern::delivery
