#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/account_session.hpp"
#include "store/local_store.hpp"

namespace postern::store {

/// The AccountSession: sends each call to the account's home core.
class Session final : public AccountSession {
 public:
  Session(LocalStore& store, AccountId account, std::string address);

  [[nodiscard]] AccountId id() const override { return account_; }
  [[nodiscard]] const std::string& address() const override { return address_; }
  [[nodiscard]] bool stale() const override;

  Task<Result<std::vector<MailboxInfo>>> mailboxes() override;
  Task<Result<MailboxInfo>> mailbox(std::string name) override;
  Task<Result<MailboxInfo>> create_mailbox(std::string name, SpecialUse use) override;
  Task<Result<void>> delete_mailbox(std::string name) override;
  Task<Result<void>> rename_mailbox(std::string from, std::string to) override;
  Task<Result<void>> subscribe(std::string name, bool on) override;
  Task<Result<std::shared_ptr<const MailboxView>>> view(MailboxId mailbox) override;
  Task<Result<std::vector<Uid>>> long_gone(MailboxId mailbox, ModSeq modseq,
                                           Timestamp seen) override;
  Task<Result<std::vector<std::optional<StoredMessage>>>> messages(
      std::vector<MessageId> ids) override;
  Task<Result<std::string>> read(StoredMessage message, std::uint64_t offset,
                                 std::uint64_t length) override;
  Task<Result<std::vector<std::string>>> read_beginnings(std::vector<StoredMessage> messages,
                                                         std::uint64_t most) override;
  std::unique_ptr<Subscription> subscribe_changes(Executor executor,
                                                  std::function<void()> on_change) override;
  std::unique_ptr<Draft> new_draft() override;
  Task<Result<std::vector<AppendResult>>> append(std::vector<AppendRequest> requests) override;
  Task<Result<FlagChangeResult>> change_flags(FlagChange change) override;
  Task<Result<CopyResult>> copy(MailboxId from, std::vector<Uid> uids, MailboxId to) override;
  Task<Result<CopyResult>> move(MailboxId from, std::vector<Uid> uids, MailboxId to) override;
  Task<Result<std::vector<Uid>>> expunge(MailboxId mailbox,
                                         std::optional<std::vector<Uid>> uids) override;
  Task<Result<QuotaState>> quota() override;

 private:
  /// Runs `operation(account)` at home.
  template <class Operation>
  auto at_home(Operation operation) -> decltype(operation(std::declval<Account&>()));

  LocalStore& store_;
  AccountId account_;
  std::string address_;
  std::uint64_t generation_;
};

}  // namespace postern::store
