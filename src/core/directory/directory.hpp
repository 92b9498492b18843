#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/core.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "crypto/scram.hpp"
#include "dmarc/disposition.hpp"
#include "kv/engine.hpp"
#include "sasl/mechanism.hpp"
#include "smtp/address.hpp"
#include "store/account_session.hpp"
#include "store/mail_store.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"
#include "vocab/time.hpp"

// Domains, accounts, addresses, credentials: who is here, who may log in, and whose an address is.
// All of it is held in memory as an immutable snapshot and changed by few, durable commits.
namespace postern::directory {

struct Domain {
  std::string name;              ///< A-label, lower case.
  std::string alias_of;          ///< Not empty: every address here is that of the same name there.
  std::string catch_all;         ///< Address that takes what is unknown; empty: refuse.
  std::string separators = "+";  ///< Each begins a subaddress (RFC 5233).
  bool fold_case = true;   ///< Local parts ignore case (and Unicode forms); else octets count.
  bool fold_dots = false;  ///< ... and dots.
};

struct Account {
  AccountId id;
  std::string address;      ///< The primary address, as first written; also the login name.
  std::uint64_t quota = 0;  ///< Octets; 0: none.
  bool disabled = false;
  Timestamp created{};
  bool removing = false;   ///< It is being removed; disabled too, and nothing of it may change.
  bool may_relay = false;  ///< It submits others' mail too (row D2): any sender, any From.
  /// What is done with mail to it that fails DMARC, and the lists and forwarders of its own.
  dmarc::AccountRule dmarc = dmarc::AccountRule::follow;
  std::vector<std::string> exceptions = {};
};

struct Credential;

/// An address that is not an account's own: forwards to members or refuses with a text.
struct Alias {
  std::string address;
  std::vector<std::string>
      members;          ///< Local or remote addresses; may be empty if `refusal` is not.
  std::string refusal;  ///< "Disabled with reply": the text of the 550.
};

/// Where mail for an address goes. An address that leads to more than 100 targets, or to one over
/// more than 10 steps, is `disabled`: better refused than delivered to some.
struct Resolution {
  enum class Kind : std::uint8_t { not_local, unknown, disabled, found };
  struct Local {
    AccountId account;
    std::string address;     ///< The account's primary address.
    std::string subaddress;  ///< What followed the separator; may be empty.
  };
  Kind kind = Kind::unknown;
  std::string text;                   ///< disabled: what to say.
  std::vector<Local> accounts;        ///< Each once.
  std::vector<smtp::Address> remote;  ///< Members elsewhere, each once.
  bool catch_all = false;
};

class Directory {
 public:
  virtual ~Directory() = default;

  // Look-ups: memory only, any core.
  [[nodiscard]] virtual bool is_local_domain(std::string_view a_label) const = 0;
  /// Follows domain aliases, subaddresses, aliases (visited set, depth 10, at most 100 targets)
  /// and the catch-all. `postmaster` (also bare) and abuse@ of every local domain always resolve
  /// (row A13): to the address itself if it exists, else to the administrator's account (the
  /// oldest one, unless set). So they do at this server's own name, under which our notices go.
  [[nodiscard]] virtual Resolution resolve(const smtp::Address& address) const = 0;
  /// Row D2: whether `account` (but for `Account::may_relay`) may use `address` as envelope sender
  /// or From: its own addresses, their subaddresses, aliases whose members include it, its domain's
  /// catch-all if it is its.
  [[nodiscard]] virtual bool may_send_as(AccountId account, const smtp::Address& address) const = 0;
  [[nodiscard]] virtual std::optional<Account> account(AccountId id) const = 0;

  // Credentials. Unknown, disabled and wrong all end in `auth_failed` and cost the same.
  struct Login {
    AccountId account;
    std::unique_ptr<store::AccountSession> session;
    std::shared_ptr<const Credential> credential;  ///< That it was given for; ask `still_good`.
  };
  /// Whether such a login may go on: the password is the same, the account neither disabled nor
  /// removed. Sessions ask before each command; when the answer changes, the account's feed calls
  /// its subscribers (AccountSession::subscribe_changes). Memory only, any core.
  [[nodiscard]] virtual bool still_good(
      AccountId account, const std::shared_ptr<const Credential>& credential) const = 0;
  /// Checks a password; `login` is the whole primary address. `limit_reached`: too many checks are
  /// under way; try later.
  virtual Task<Result<Login>> authenticate(std::string login, Secret<std::string> password) = 0;
  /// For SCRAM: the salt and keys of `login`; for unknown, disabled and keyless ones made-up ones
  /// (`known` is false) that stay the same for the same name. Memory only, any core.
  [[nodiscard]] virtual sasl::ScramCredentials scram_credentials(std::string_view login) const = 0;
  /// After a successful SCRAM exchange over `keys`. `auth_failed` if the account went, was disabled
  /// or got another password since.
  virtual Task<Result<Login>> login_proven(std::string login, crypto::ScramKeys keys) = 0;

  // Administration; durable when they return. `already_exists`, `not_found`, `bad_syntax`,
  // `too_large`, `conflict` (a domain that still has addresses or is another's target; options
  // under which two addresses would be one). Domains and addresses may be written with U-labels.
  virtual Task<Result<void>> add_domain(Domain domain) = 0;
  virtual Task<Result<void>> remove_domain(std::string name) = 0;
  virtual Task<Result<void>> change_domain(Domain domain) = 0;
  virtual Task<Result<AccountId>> add_account(std::string address, Secret<std::string> password,
                                              std::uint64_t quota) = 0;
  virtual Task<Result<void>> set_password(std::string address, Secret<std::string> password) = 0;
  virtual Task<Result<void>> set_quota(std::string address, std::uint64_t quota) = 0;
  virtual Task<Result<void>> set_disabled(std::string address, bool disabled) = 0;
  virtual Task<Result<void>> set_relay(std::string address, bool may_relay) = 0;
  /// `exceptions` as `mailauth::parse_exception` gives them; `too_large`: more than 100.
  virtual Task<Result<void>> set_dmarc(std::string address, dmarc::AccountRule rule,
                                       std::vector<std::string> exceptions) = 0;
  /// With all its mail. It is disabled and marked first, in one commit; what a crash cuts short,
  /// `finish_removals` or another call ends.
  virtual Task<Result<void>> remove_account(std::string address) = 0;
  /// Goes on with all removals that were begun. Called at the start and now and then.
  virtual Task<Result<void>> finish_removals() = 0;
  /// Adds or replaces. At most 100 members.
  virtual Task<Result<void>> put_alias(Alias alias) = 0;
  virtual Task<Result<void>> remove_alias(std::string address) = 0;
  [[nodiscard]] virtual std::vector<Domain> domains() const = 0;
  [[nodiscard]] virtual std::vector<Account> accounts() const = 0;
  [[nodiscard]] virtual std::vector<Alias> aliases() const = 0;
};

struct Settings {
  std::uint32_t argon2_memory_kib = 19 * 1024;
  std::uint32_t argon2_passes = 2;
  /// Below 65,536: Cyrus SASL (mbsync, mutt) refuses to compute more.
  std::uint32_t scram_iterations = 60'000;
  std::string login_domain;                         ///< Of logins without one; empty: they fail.
  std::string hostname;                             ///< This server's own name, if it has one.
  Duration login_cache = std::chrono::minutes{10};  ///< How long a verified password is remembered.
};

/// Loads everything. `home` is the core on which changes are made; `pool` runs Argon2. All
/// arguments outlive the directory.
Task<Result<std::unique_ptr<Directory>>> open_directory(kv::Engine& engine,
                                                        store::MailStore& mail_store, Core& home,
                                                        Pool& pool, Settings settings);

}  // namespace postern::directory
