#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "kv/engine.hpp"
#include "store/live_drafts.hpp"
#include "store/mail_store.hpp"
#include "store/memory_budget.hpp"
#include "store/ops.hpp"
#include "store/shard.hpp"

namespace postern::store {

/// The MailStore: shards by home core, deliveries that may span them, the sweeper.
class LocalStore final : public MailStore {
 public:
  LocalStore(kv::Engine& engine, std::span<Core* const> cores, Settings settings);

  std::unique_ptr<Draft> new_draft() override;
  Task<Result<std::vector<Placed>>> deliver(std::shared_ptr<const StagedMessage> message,
                                            std::vector<Placement> placements, kv::Batch also,
                                            bool queue_link) override;
  Task<Result<QuotaVerdict>> check_quota(AccountId account, std::uint64_t size) override;
  Task<Result<std::string>> read_body(BlobId blob, std::uint64_t offset,
                                      std::uint64_t length) override;
  Task<Result<void>> drop_queue_link(BlobId blob, std::uint64_t body_size,
                                     kv::Batch& batch) override;
  void add_account(AccountId account, std::uint64_t quota, kv::Batch& batch) override;
  Task<Result<void>> set_quota(AccountId account, std::uint64_t quota) override;
  Task<Result<void>> remove_account(AccountId account) override;
  std::unique_ptr<AccountSession> open(AccountId account, std::string address) override;
  Task<Result<void>> sweep() override;
  void stop_housekeeping() override { stop_housekeeping_ = true; }
  void stop_waiting() override { memory_->end_waits(); }
  void tell_reopened() override;
  void tell_waiting(AccountId account) override;
  [[nodiscard]] Stats stats() const override;

  // For sessions.
  [[nodiscard]] Shard& home(AccountId account) const;
  [[nodiscard]] kv::Engine& engine() const { return engine_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// How long what is expunged now stays: for undeletion, and for sessions that have not announced
  /// it (these give way when the disk is low).
  [[nodiscard]] Duration keep_expunged() const;

 private:
  struct Part;
  Task<Result<kv::Batch>> enter(Part& part, const StagedMessage& message);
  Task<Result<void>> commit_parts(std::vector<std::unique_ptr<Part>>& parts,
                                  const StagedMessage& message, kv::Batch also, bool queue_link);
  Task<> show(const std::vector<std::unique_ptr<Part>>& parts);
  Task<> clean_up(const std::vector<std::unique_ptr<Part>>& parts);

  kv::Engine& engine_;
  std::vector<Core*> cores_;
  Settings settings_;
  std::shared_ptr<MemoryBudget> memory_;
  std::uint64_t run_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<bool> stop_housekeeping_ = false;
  std::atomic<std::uint64_t> delivered_ = 0;
  std::atomic<std::uint64_t> swept_ = 0;
  std::atomic<std::uint64_t> bugs_ = 0;
  std::atomic<std::uint64_t> views_ = 0;
  std::atomic<std::uint64_t> view_bytes_ = 0;
  std::atomic<std::uint64_t> accounts_ = 0;
  std::shared_ptr<LiveDrafts> live_ = std::make_shared<LiveDrafts>();
  std::set<BlobId> suspects_;  ///< Pending bodies that were nobody's at the last sweep.
};

}  // namespace postern::store
