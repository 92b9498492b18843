// Passwords: deriving what is kept of them, and checking them.
#include <utility>

#include "async/on_core.hpp"
#include "async/on_pool.hpp"
#include "crypto/password_hash.hpp"
#include "directory/local_directory.hpp"
#include "sasl/prep.hpp"
#include "vocab/try.hpp"

namespace postern::directory {
namespace {

constexpr std::size_t kSaltSize = 16;

/// What deriving needs, off the core.
struct Derivation {
  Secret<std::string> password;
  Secret<std::string> scram_password;  ///< Empty: SCRAM cannot have it.
  std::string argon2_salt;
  std::string scram_salt;
  crypto::Argon2Cost cost;
  std::uint32_t iterations;

  [[nodiscard]] Result<Credential> run() const {
    Credential out;
    POSTERN_TRY(out.argon2, crypto::argon2id_hash(password.reveal(), argon2_salt, cost));
    if (scram_password.reveal().empty()) return out;
    out.salt = scram_salt;
    out.iterations = iterations;
    out.scram = crypto::derive_scram_keys(scram_password.reveal(), scram_salt, iterations);
    return out;
  }
};

}  // namespace

Task<Result<LocalDirectory::CredentialPtr>> LocalDirectory::derive(Secret<std::string> password) {
  POSTERN_CO_TRY(auto prepared, sasl::prepare_password(password.reveal()));
  auto scram = sasl::prepare_scram_password(password.reveal());
  Derivation work{
      .password = Secret{std::move(prepared)},
      .scram_password = Secret{scram ? *std::move(scram) : std::string{}},
      .argon2_salt = home_.random.bytes(kSaltSize),
      .scram_salt = home_.random.bytes(kSaltSize),
      .cost = {.memory_kib = settings_.argon2_memory_kib, .passes = settings_.argon2_passes},
      .iterations = settings_.scram_iterations};
  auto run = [work = std::move(work)] { return work.run(); };
  POSTERN_CO_TRY(auto derived, co_await on_pool(pool_, std::move(run)));
  POSTERN_CO_TRY(auto credential, std::move(derived));
  co_return CredentialPtr{std::make_shared<const Credential>(std::move(credential))};
}

/// A mail client opens several connections at once: identical checks under way share one Argon2.
Task<Result<bool>> LocalDirectory::verify(CredentialPtr credential, crypto::Digest digest,
                                          Secret<std::string> password) {
  const std::string question{crypto::view(digest)};
  if (const auto at = checks_.find(question);
      at != checks_.end() && at->second->credential == credential) {
    const auto check = at->second;
    while (!check->outcome) co_await check->done.wait();
    co_return check->outcome.value();
  }
  const auto check = std::make_shared<Check>();
  check->credential = credential;
  checks_[question] = check;
  auto run = [credential, &password] {
    return crypto::argon2id_verify(password.reveal(), credential->argon2);
  };
  auto verified = co_await on_pool(pool_, std::move(run));
  if (verified) {
    check->outcome = *std::move(verified);
  } else {
    check->outcome = std::unexpected(std::move(verified).error());
  }
  if (const auto at = checks_.find(question); at != checks_.end() && at->second == check)
    checks_.erase(at);
  check->done.notify_all();
  co_return check->outcome.value();
}

Task<Result<Directory::Login>> LocalDirectory::authenticate(std::string login,
                                                            Secret<std::string> password) {
  login = whole_login(login);
  auto prepared = sasl::prepare_password(password.reveal());
  if (!prepared) co_return fail(Errc::auth_failed, "not a password");
  const auto view = published_.get();
  const auto* const entry = view->owner(login);
  const auto address = parse_name(login);
  const auto name = address ? smtp::address_key(*address) : text::lower(login);
  const auto digest = cache_.digest(name, *prepared);
  const bool usable = entry != nullptr && entry->credential && !entry->account().disabled;
  if (usable && cache_.knows(entry->account().id, entry->credential, digest, home_.clock.instant()))
    co_return open_session(*entry);
  // Unknown and disabled users are checked too, so that they cost what others do.
  auto check = verify(entry != nullptr && entry->credential ? entry->credential : nobody_, digest,
                      Secret{*std::move(prepared)});
  POSTERN_CO_TRY(const bool good, co_await on_core(home_.executor, std::move(check)));
  if (!good || !usable) co_return fail(Errc::auth_failed, "wrong, disabled or unknown");
  // A credential that was changed meanwhile is good no more.
  const auto now = published_.get();
  const auto* const still = now->accounts.find(entry->account().id);
  if (still == nullptr || still->credential != entry->credential)
    co_return fail(Errc::auth_failed, "changed during the check");
  cache_.remember(entry->account().id, entry->credential, digest, home_.clock.instant());
  co_return open_session(*still);
}

}  // namespace postern::directory
