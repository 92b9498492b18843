#include "directory/local_directory.hpp"

#include <algorithm>
#include <utility>

#include "async/on_core.hpp"
#include "sasl/scram_server.hpp"
#include "vocab/try.hpp"

namespace postern::directory {
namespace {

constexpr std::size_t kKeySize = 32;

template <class Value, class Member>
std::vector<Value> sorted(std::vector<Value> values, Member by) {
  std::ranges::sort(values, {}, by);
  return values;
}

}  // namespace

LocalDirectory::LocalDirectory(kv::Engine& engine, store::MailStore& mail_store, Core& home,
                               Pool& pool, Settings settings)
    : engine_{engine},
      mail_store_{mail_store},
      home_{home},
      pool_{pool},
      settings_{settings},
      cache_{home.random.bytes(kKeySize), settings.login_cache} {}

Task<Result<void>> LocalDirectory::open() {
  POSTERN_CO_CHECK(co_await load());
  POSTERN_CO_TRY(nobody_, co_await derive(Secret<std::string>{"unknown"}));
  co_return Result<void>{};
}

bool LocalDirectory::is_local_domain(std::string_view a_label) const {
  return published_.get()->domain(text::lower(a_label)) != nullptr;
}

Resolution LocalDirectory::resolve(const smtp::Address& address) const {
  const auto view = published_.get();
  auto out = directory::resolve(*view, address);
  if (out.kind != Resolution::Kind::not_local || !is_of_this_server(address)) return out;
  return directory::resolve(*view, {.local = "postmaster", .domain = {}});
}

/// Replies to our notices, which come from postmaster at this name (RFC 5321 §4.5.1).
bool LocalDirectory::is_of_this_server(const smtp::Address& address) const {
  return !settings_.hostname.empty() && text::iequals(address.domain.ascii, settings_.hostname) &&
         (text::iequals(address.local, "postmaster") || text::iequals(address.local, "abuse"));
}

bool LocalDirectory::may_send_as(AccountId account, const smtp::Address& address) const {
  const auto resolution = resolve(address);
  return std::ranges::find(resolution.accounts, account, &Resolution::Local::account) !=
         resolution.accounts.end();
}

std::optional<Account> LocalDirectory::account(AccountId id) const {
  const auto view = published_.get();
  const auto* const entry = view->accounts.find(id);
  if (entry == nullptr) return std::nullopt;
  return entry->account();
}

std::vector<Domain> LocalDirectory::domains() const {
  const auto view = published_.get();
  std::vector<Domain> out;
  view->domains.for_each(
      [&out](const std::string&, const DomainEntry& entry) { out.push_back(entry.domain()); });
  return sorted(std::move(out), &Domain::name);
}

std::vector<Account> LocalDirectory::accounts() const {
  const auto view = published_.get();
  std::vector<Account> out;
  view->accounts.for_each(
      [&out](AccountId, const AccountEntry& entry) { out.push_back(entry.account()); });
  return sorted(std::move(out), &Account::address);
}

std::vector<Alias> LocalDirectory::aliases() const {
  const auto view = published_.get();
  std::vector<Alias> out;
  view->addresses.for_each([&out](const std::string&, const AddressEntry& entry) {
    if (entry.alias) out.push_back(entry.alias->record.alias);
  });
  return sorted(std::move(out), &Alias::address);
}

std::string LocalDirectory::whole_login(std::string_view login) const {
  const bool bare = !login.contains('@') && !settings_.login_domain.empty();
  return std::string{login} + (bare ? "@" + settings_.login_domain : "");
}

sasl::ScramCredentials LocalDirectory::scram_credentials(std::string_view given) const {
  const auto login = whole_login(given);
  const auto view = published_.get();
  const auto* const entry = view->owner(login);
  const Credential* const credential = entry == nullptr ? nullptr : entry->credential.get();
  if (credential != nullptr && credential->scram) {
    return {.salt = credential->salt,
            .iterations = credential->iterations,
            .keys = *credential->scram,
            .known = !entry->account().disabled};
  }
  const auto address = parse_name(login);
  const auto name = address ? smtp::address_key(*address) : text::lower(login);
  return sasl::fake_scram_credentials(view->store.scram_secret, name, settings_.scram_iterations);
}

Result<Directory::Login> LocalDirectory::open_session(const AccountEntry& entry) const {
  const auto& account = entry.account();
  if (account.disabled) return fail(Errc::auth_failed, "the account is disabled");
  return Login{.account = account.id,
               .session = mail_store_.open(account.id, account.address),
               .credential = entry.credential};
}

bool LocalDirectory::still_good(AccountId account,
                                const std::shared_ptr<const Credential>& credential) const {
  const auto view = published_.get();
  const auto* const entry = view->accounts.find(account);
  if (entry == nullptr || entry->account().disabled) return false;
  const auto& now = entry->credential;
  if (!now || !credential) return false;
  // Loaded anew, the same credential is another object; the salt makes the text one of a kind.
  return now == credential || now->argon2 == credential->argon2;
}

Task<Result<Directory::Login>> LocalDirectory::login_proven(std::string login,
                                                            crypto::ScramKeys keys) {
  login = whole_login(login);
  const auto view = published_.get();
  const auto* const entry = view->owner(login);
  if (entry == nullptr) co_return fail(Errc::auth_failed, "no such account");
  const auto& credential = entry->credential;
  if (!credential || !credential->scram || credential->scram->stored_key != keys.stored_key)
    co_return fail(Errc::auth_failed, "changed during the exchange");
  co_return open_session(*entry);
}

Task<Result<std::unique_ptr<Directory>>> open_directory(kv::Engine& engine,
                                                        store::MailStore& mail_store, Core& home,
                                                        Pool& pool, Settings settings) {
  auto directory = std::make_unique<LocalDirectory>(engine, mail_store, home, pool, settings);
  auto opening = directory->open();
  POSTERN_CO_CHECK(co_await on_core(home.executor, std::move(opening)));
  co_return std::unique_ptr<Directory>{std::move(directory)};
}

}  // namespace postern::directory
