#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/delivery.hpp"

namespace postern::delivery {

/// Local recipients that come back from the queue: their copies, what the queue must remember of
/// them and whatever has to go on elsewhere are one commit. Holds no state: any core.
class QueuedDelivery final : public queue::LocalDelivery {
 public:
  QueuedDelivery(store::MailStore& store, const directory::Directory& directory,
                 queue::Queue& queue, trace::Log& trace, Core& core)
      : store_{store}, directory_{directory}, queue_{queue}, trace_{trace}, core_{core} {}

  Task<bool> is_local(std::string domain) override;
  Task<queue::Attempt> attempt_local(queue::Job job, queue::Settle settle) override;

 private:
  using Staged = std::shared_ptr<const store::StagedMessage>;
  using Outcomes = std::vector<queue::RecipientOutcome>;

  /// An account that some recipient leads to, and whether it takes a copy in the next commit.
  struct Target {
    AccountId account;
    std::string address;
    std::size_t recipient = 0;  ///< The first that leads there.
    bool takes = false;
    Errc why_not = Errc::limit_reached;
    bool own = false;  ///< Some recipient is this account's and nobody else's.
  };
  /// What one recipient is today.
  struct Route {
    std::optional<queue::RecipientOutcome> fate;  ///< Known without asking the store.
    std::vector<std::size_t> targets;
    std::vector<smtp::Address> remote;
    [[nodiscard]] bool alone() const { return targets.size() == 1 && remote.empty(); }
  };
  struct Round {
    std::vector<Route> routes;  ///< One for each recipient of the job.
    std::vector<Target> targets;
    std::unordered_map<AccountId, std::size_t> known;  ///< Whose target stands where.
    Outcomes outcomes;
  };

  [[nodiscard]] Round plan(const queue::Job& job) const;
  static void add_targets(Round& round, std::vector<directory::Resolution>& found, bool alone);
  [[nodiscard]] static queue::RecipientOutcome judged(const Round& round, const Route& route);
  Task<> ask_quotas(Round& round, const queue::Job& job, bool distrust);
  Task<Result<Staged>> stage(const queue::Job& job);
  Task<Result<void>> commit(const Round& round, const queue::Job& job, Staged message,
                            const queue::Settle& settle);
  [[nodiscard]] std::optional<queue::Message> onward(const Round& round, const queue::Job& job,
                                                     const store::StagedMessage& message) const;
  Task<Result<void>> settle_all(Round& round, const queue::Job& job, const queue::Settle& settle);

  store::MailStore& store_;
  const directory::Directory& directory_;
  queue::Queue& queue_;
  trace::Log& trace_;
  Core& core_;
};

}  // namespace postern::delivery
