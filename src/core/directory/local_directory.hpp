#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/event.hpp"
#include "async/mutex.hpp"
#include "directory/directory.hpp"
#include "directory/login_cache.hpp"
#include "directory/view.hpp"

namespace postern::directory {

/// The Directory over an engine. Look-ups read the published view; changes are made one after the
/// other on the home core, each from the view before it: batch, sync, then the next view.
class LocalDirectory final : public Directory {
 public:
  LocalDirectory(kv::Engine& engine, store::MailStore& mail_store, Core& home, Pool& pool,
                 Settings settings);
  /// Once, before anything else: loads what is stored, begins an empty store.
  Task<Result<void>> open();

  [[nodiscard]] bool is_local_domain(std::string_view a_label) const override;
  [[nodiscard]] Resolution resolve(const smtp::Address& address) const override;
  [[nodiscard]] bool may_send_as(AccountId account, const smtp::Address& address) const override;
  [[nodiscard]] std::optional<Account> account(AccountId id) const override;

  Task<Result<Login>> authenticate(std::string login, Secret<std::string> password) override;
  [[nodiscard]] sasl::ScramCredentials scram_credentials(std::string_view login) const override;
  Task<Result<Login>> login_proven(std::string login, crypto::ScramKeys keys) override;
  [[nodiscard]] bool still_good(AccountId account,
                                const std::shared_ptr<const Credential>& credential) const override;

  Task<Result<void>> add_domain(Domain domain) override;
  Task<Result<void>> remove_domain(std::string name) override;
  Task<Result<void>> change_domain(Domain domain) override;
  Task<Result<AccountId>> add_account(std::string address, Secret<std::string> password,
                                      std::uint64_t quota) override;
  Task<Result<void>> set_password(std::string address, Secret<std::string> password) override;
  Task<Result<void>> set_quota(std::string address, std::uint64_t quota) override;
  Task<Result<void>> set_disabled(std::string address, bool disabled) override;
  Task<Result<void>> set_relay(std::string address, bool may_relay) override;
  Task<Result<void>> set_dmarc(std::string address, dmarc::AccountRule rule,
                               std::vector<std::string> exceptions) override;
  Task<Result<void>> remove_account(std::string address) override;
  Task<Result<void>> finish_removals() override;
  Task<Result<void>> put_alias(Alias alias) override;
  Task<Result<void>> remove_alias(std::string address) override;
  [[nodiscard]] std::vector<Domain> domains() const override;
  [[nodiscard]] std::vector<Account> accounts() const override;
  [[nodiscard]] std::vector<Alias> aliases() const override;

 private:
  using CredentialPtr = std::shared_ptr<const Credential>;
  /// A change: what is written, and the view that follows.
  struct Change {
    View view;
    kv::Batch batch;
    AccountId ended = {};  ///< Its logins may be good no more; 0: nobody's.
  };
  using Decide = std::function<Result<void>(Change&)>;
  /// A password check that others with the same question wait for.
  struct Check {
    CredentialPtr credential;
    std::optional<Result<bool>> outcome;
    Event done;
  };

  // On the home core.
  Task<Result<void>> load();
  Task<Result<void>> begin_store(View& view);
  Task<Result<void>> change(Decide decide);
  Task<Result<void>> change_at_home(Decide decide);
  Task<Result<CredentialPtr>> derive(Secret<std::string> password);
  Task<Result<AccountId>> add_account_at_home(std::string address, Secret<std::string> password,
                                              std::uint64_t quota);
  Task<Result<void>> set_password_at_home(std::string address, Secret<std::string> password);
  Task<Result<void>> change_account(std::string address, std::function<void(Account&)> edit);
  Task<Result<bool>> verify(CredentialPtr credential, crypto::Digest digest,
                            Secret<std::string> password);

  [[nodiscard]] Result<Login> open_session(const AccountEntry& entry) const;

  kv::Engine& engine_;
  store::MailStore& mail_store_;
  Core& home_;
  Pool& pool_;
  /// `login` with the domain that logins without one get.
  [[nodiscard]] std::string whole_login(std::string_view login) const;
  [[nodiscard]] bool is_of_this_server(const smtp::Address& address) const;

  const Settings settings_;
  Published published_;
  LoginCache cache_;
  CredentialPtr nobody_;  ///< What the passwords of unknown users are held against.

  // Of the home core.
  AsyncMutex changing_;
  bool stale_ = false;  ///< A change failed half-way: what is stored may not be what is published.
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, std::shared_ptr<Check>> checks_;
};

}  // namespace postern::directory
