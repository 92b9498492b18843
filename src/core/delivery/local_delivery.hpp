#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/delivery.hpp"
#include "delivery/plan.hpp"

namespace postern::delivery {

/// The Delivery over the store, the directory and the queue. Holds no state: any core.
class LocalDelivery final : public Delivery {
 public:
  LocalDelivery(store::MailStore& store, directory::Directory& directory, queue::Queue& queue,
                trace::Log& trace, Core& core, Settings settings)
      : store_{store},
        directory_{directory},
        queue_{queue},
        trace_{trace},
        core_{core},
        settings_{std::move(settings)} {}

  Task<RecipientVerdict> check(const smtp::Address& recipient, std::uint64_t size,
                               Source source) override;
  std::unique_ptr<store::Draft> new_draft() override { return store_.new_draft(); }
  Task<Result<Outcome>> deliver(Transaction transaction,
                                std::shared_ptr<const store::StagedMessage> message) override;
  Task<Result<TraceId>> submit_notice(std::string content, smtp::Address to,
                                      TraceId about) override;

 private:
  using Staged = std::shared_ptr<const store::StagedMessage>;

  Task<RecipientVerdict> check_accounts(std::vector<AccountId> accounts, std::uint64_t size);
  Task<Result<Plan>> make_room(Plan plan, const Transaction& transaction, std::uint64_t size);
  Task<Result<Outcome>> commit(const Transaction& transaction, Staged message, Plan plan);
  Task<std::string> sign_notice(std::string_view content) const;
  Task<store::Placement> place(const Transaction& transaction, const Copy& copy,
                               std::string_view fields);
  [[nodiscard]] std::optional<queue::Message> to_queue(const Transaction& transaction,
                                                       const store::StagedMessage& message,
                                                       const Plan& plan) const;
  void trace_received(kv::Batch& batch, const Transaction& transaction, std::uint64_t size,
                      const Plan& plan, const std::optional<queue::Message>& queued) const;
  void note_refused(const Transaction& transaction, const Error& error) const;
  Task<> tell_success(const Transaction& transaction, Staged message, const Plan& plan);
  Task<> write_success(const Transaction& transaction, Staged message, const Plan& plan);

  store::MailStore& store_;
  directory::Directory& directory_;
  queue::Queue& queue_;
  trace::Log& trace_;
  Core& core_;
  const Settings settings_;
};

}  // namespace postern::delivery
