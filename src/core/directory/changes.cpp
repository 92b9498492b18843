// Changes by administrators: each is decided from the newest view, written as one batch, and shown
// once it is durable.
#include <algorithm>
#include <utility>

#include "async/on_core.hpp"
#include "directory/local_directory.hpp"
#include "vocab/try.hpp"

namespace postern::directory {
namespace {

constexpr std::size_t kMaxRefusal = 200;  ///< Octets; it must fit into one reply line.

/// The address and the domain it is of, which must be ours and no other's alias.
struct Place {
  smtp::Address address;
  const DomainEntry* domain;
  std::string name;
};
Result<Place> place_of(const View& view, std::string_view address) {
  POSTERN_TRY(auto parsed, parse_name(address));
  const auto* const domain = view.domain(parsed.domain.ascii);
  if (domain == nullptr) return fail(Errc::not_found, "no such domain");
  if (!domain->domain().alias_of.empty())
    return fail(Errc::conflict, "the domain is an alias of another");
  auto name = address_name(domain->domain(), parsed.local);
  return Place{.address = std::move(parsed), .domain = domain, .name = std::move(name)};
}

std::string written_address(const View& view, const AddressEntry& entry) {
  if (entry.alias) return entry.alias->record.alias.address;
  const auto* const account = view.accounts.find(entry.account);
  return account == nullptr ? std::string{} : account->account().address;
}

/// The addresses of a domain, by name.
std::vector<std::pair<std::string, AddressEntry>> addresses_of(const View& view,
                                                               const std::string& domain) {
  const std::string prefix = domain + '\0';
  std::vector<std::pair<std::string, AddressEntry>> out;
  view.addresses.for_each([&](const std::string& name, const AddressEntry& entry) {
    if (name.starts_with(prefix)) out.emplace_back(name, entry);
  });
  return out;
}

/// Reads and checks what an administrator wrote.
Result<DomainEntry> checked_domain(const View& view, Domain domain) {
  POSTERN_TRY(const auto name, smtp::parse_domain(domain.name, true));
  if (name.literal) return fail(Errc::bad_syntax, "an address literal is no domain");
  domain.name = name.ascii;
  DomainEntry entry;
  if (!domain.alias_of.empty()) {
    POSTERN_TRY(const auto target, smtp::parse_domain(domain.alias_of, true));
    domain.alias_of = target.ascii;
    const auto* const other = view.domain(target.ascii);
    if (other == nullptr) return fail(Errc::not_found, "no such domain to be an alias of");
    if (!other->domain().alias_of.empty() || target.ascii == domain.name)
      return fail(Errc::conflict, "an alias of an alias");
  }
  if (!domain.catch_all.empty()) {
    POSTERN_TRY(entry.catch_all, parse_name(domain.catch_all));
  }
  const auto odd = [](char c) {
    return text::is_alnum(c) || text::is_control(c) || text::is_8bit(c) || c == '@' || c == '.';
  };
  if (std::ranges::any_of(domain.separators, odd)) return fail(Errc::bad_syntax, "not a separator");
  entry.record.domain = std::move(domain);
  return entry;
}

bool is_target(const View& view, const std::string& name) {
  bool found = false;
  view.domains.for_each([&](const std::string&, const DomainEntry& entry) {
    found = found || entry.domain().alias_of == name;
  });
  return found;
}

/// Moves a domain's addresses under the names that its new options give them.
Result<void> rename_addresses(View& view, kv::Batch& batch, const Domain& domain) {
  const auto before = addresses_of(view, domain.name);
  for (const auto& [name, entry] : before) {
    view.addresses.erase(name);
    batch.erase(address_key(name));
  }
  for (const auto& [name, entry] : before) {
    POSTERN_TRY(const auto address, parse_name(written_address(view, entry)));
    auto renamed = address_name(domain, address.local);
    if (view.addresses.find(renamed) != nullptr)
      return fail(Errc::conflict, "two addresses would be one");
    const auto record = entry.alias ? entry.alias->record : AddressRecord{.account = entry.account};
    batch.put(address_key(renamed), encode(record));
    view.addresses.put(std::move(renamed), entry);
  }
  return {};
}

}  // namespace

Task<Result<void>> LocalDirectory::change(Decide decide) {
  auto work = change_at_home(std::move(decide));
  co_return co_await on_core(home_.executor, std::move(work));
}

Task<Result<void>> LocalDirectory::change_at_home(Decide decide) {
  const auto guard = co_await changing_.lock();
  if (stale_ || engine_.generation() != generation_) POSTERN_CO_CHECK(co_await load());
  const auto before = published_.get();
  Change next{.view = *before, .batch = {}};
  POSTERN_CO_CHECK(decide(next));
  next.view.choose_administrator();
  next.batch.require_generation(generation_);
  const auto ticket =
      co_await engine_.append(std::move(next.batch), kv::Engine::Purpose::housekeeping);
  if (!ticket) {
    stale_ = true;
    co_return std::unexpected(ticket.error());
  }
  const auto durable = co_await engine_.durable(*ticket);
  if (!durable) {
    stale_ = true;
    co_return durable;
  }
  published_.set(std::make_shared<const View>(std::move(next.view)));
  if (next.ended != AccountId{}) mail_store_.tell_waiting(next.ended);
  co_return Result<void>{};
}

Task<Result<void>> LocalDirectory::add_domain(Domain domain) {
  return change([domain = std::move(domain)](Change& next) -> Result<void> {
    POSTERN_TRY(auto entry, checked_domain(next.view, domain));
    if (next.view.domain(entry.domain().name) != nullptr)
      return fail(Errc::already_exists, entry.domain().name);
    next.batch.put(domain_key(entry.domain().name), encode(entry.record));
    auto name = entry.domain().name;
    next.view.domains.put(std::move(name), std::move(entry));
    return {};
  });
}

Task<Result<void>> LocalDirectory::remove_domain(std::string name) {
  return change([name = std::move(name)](Change& next) -> Result<void> {
    POSTERN_TRY(const auto domain, smtp::parse_domain(name, true));
    if (next.view.domain(domain.ascii) == nullptr) return fail(Errc::not_found, domain.ascii);
    if (is_target(next.view, domain.ascii) || !addresses_of(next.view, domain.ascii).empty())
      return fail(Errc::conflict, "the domain is in use");
    next.batch.erase(domain_key(domain.ascii));
    next.view.domains.erase(domain.ascii);
    return {};
  });
}

Task<Result<void>> LocalDirectory::change_domain(Domain domain) {
  return change([domain = std::move(domain)](Change& next) -> Result<void> {
    POSTERN_TRY(auto entry, checked_domain(next.view, domain));
    const auto* const old = next.view.domain(entry.domain().name);
    if (old == nullptr) return fail(Errc::not_found, entry.domain().name);
    const auto& options = entry.domain();
    if (!options.alias_of.empty() && old->domain().alias_of.empty() &&
        (is_target(next.view, options.name) || !addresses_of(next.view, options.name).empty()))
      return fail(Errc::conflict, "the domain has addresses or aliases of its own");
    entry.record.unknown = old->record.unknown;
    if (options.fold_case != old->domain().fold_case ||
        options.fold_dots != old->domain().fold_dots)
      POSTERN_CHECK(rename_addresses(next.view, next.batch, options));
    auto name = options.name;
    next.batch.put(domain_key(name), encode(entry.record));
    next.view.domains.put(std::move(name), std::move(entry));
    return {};
  });
}

Task<Result<AccountId>> LocalDirectory::add_account(std::string address,
                                                    Secret<std::string> password,
                                                    std::uint64_t quota) {
  auto work = add_account_at_home(std::move(address), std::move(password), quota);
  co_return co_await on_core(home_.executor, std::move(work));
}

Task<Result<AccountId>> LocalDirectory::add_account_at_home(std::string address,
                                                            Secret<std::string> password,
                                                            std::uint64_t quota) {
  POSTERN_CO_TRY(auto credential, co_await derive(std::move(password)));
  AccountId id;
  while (id == AccountId{} || published_.get()->accounts.find(id) != nullptr)
    id = AccountId{home_.random.u64()};
  Decide decide = [this, id, address = std::move(address), quota,
                   credential = std::move(credential)](Change& next) -> Result<void> {
    POSTERN_TRY(auto place, place_of(next.view, address));
    if (next.view.addresses.find(place.name) != nullptr) return fail(Errc::already_exists, address);
    AccountEntry entry{.record = {.account = {.id = id,
                                              .address = smtp::to_string(place.address),
                                              .quota = quota,
                                              .created = home_.clock.now()},
                                  .unknown = {}},
                       .credential = credential};
    next.batch.put(account_key(id), encode(entry.record));
    next.batch.put(address_key(place.name), encode(AddressRecord{.account = id}));
    next.batch.put(credential_key(id), encode(*credential));
    mail_store_.add_account(id, quota, next.batch);
    next.view.accounts.put(id, std::move(entry));
    next.view.addresses.put(std::move(place.name), {.account = id, .alias = nullptr});
    return {};
  };
  POSTERN_CO_CHECK(co_await change_at_home(std::move(decide)));
  co_return id;
}

Task<Result<void>> LocalDirectory::set_password(std::string address, Secret<std::string> password) {
  auto work = set_password_at_home(std::move(address), std::move(password));
  co_return co_await on_core(home_.executor, std::move(work));
}

Task<Result<void>> LocalDirectory::set_password_at_home(std::string address,
                                                        Secret<std::string> password) {
  POSTERN_CO_TRY(const auto credential, co_await derive(std::move(password)));
  Decide decide = [address = std::move(address), credential](Change& next) -> Result<void> {
    const auto* const owner = next.view.owner(address);
    if (owner == nullptr) return fail(Errc::not_found, address);
    auto entry = *owner;
    entry.credential = credential;
    const auto id = entry.account().id;
    next.batch.put(credential_key(id), encode(*credential));
    next.view.accounts.put(id, std::move(entry));
    next.ended = id;
    return {};
  };
  co_return co_await change_at_home(std::move(decide));
}

Task<Result<void>> LocalDirectory::change_account(std::string address,
                                                  std::function<void(Account&)> edit) {
  return change(
      [address = std::move(address), edit = std::move(edit)](Change& next) -> Result<void> {
        const auto* const owner = next.view.owner(address);
        if (owner == nullptr) return fail(Errc::not_found, address);
        if (owner->account().removing) return fail(Errc::conflict, "it is being removed");
        auto entry = *owner;
        edit(entry.record.account);
        const auto id = entry.account().id;
        if (entry.account().disabled) next.ended = id;
        next.batch.put(account_key(id), encode(entry.record));
        next.view.accounts.put(id, std::move(entry));
        return {};
      });
}

Task<Result<void>> LocalDirectory::set_quota(std::string address, std::uint64_t quota) {
  const auto view = published_.get();
  const auto* const owner = view->owner(address);
  if (owner == nullptr) co_return fail(Errc::not_found, address);
  // First where it is enforced; the directory's record is for showing.
  POSTERN_CO_CHECK(co_await mail_store_.set_quota(owner->account().id, quota));
  std::function<void(Account&)> edit = [quota](Account& account) { account.quota = quota; };
  co_return co_await change_account(std::move(address), std::move(edit));
}

Task<Result<void>> LocalDirectory::set_disabled(std::string address, bool disabled) {
  return change_account(std::move(address),
                        [disabled](Account& account) { account.disabled = disabled; });
}

Task<Result<void>> LocalDirectory::set_relay(std::string address, bool may_relay) {
  return change_account(std::move(address),
                        [may_relay](Account& account) { account.may_relay = may_relay; });
}

Task<Result<void>> LocalDirectory::set_dmarc(std::string address, dmarc::AccountRule rule,
                                             std::vector<std::string> exceptions) {
  constexpr std::size_t kMost = 100;
  if (exceptions.size() > kMost) co_return fail(Errc::too_large, "more than 100 exceptions");
  std::function<void(Account&)> edit = [rule, exceptions](Account& account) {
    account.dmarc = rule;
    account.exceptions = exceptions;
  };
  co_return co_await change_account(std::move(address), std::move(edit));
}

Task<Result<void>> LocalDirectory::remove_account(std::string address) {
  const auto view = published_.get();
  const auto* const owner = view->owner(address);
  if (owner == nullptr) co_return fail(Errc::not_found, address);
  const auto id = owner->account().id;
  // Marked and disabled first, so that neither mail nor a login meets an account that is half gone;
  // its names last, so that what was interrupted is known.
  if (!owner->account().removing) {
    Decide mark = [id](Change& next) -> Result<void> {
      // By its number: the address may have become somebody else's meanwhile.
      const auto* const found = next.view.accounts.find(id);
      if (found == nullptr || found->account().removing)
        return fail(Errc::conflict, "changed meanwhile");
      auto entry = *found;
      entry.record.account.disabled = true;
      entry.record.account.removing = true;
      next.batch.put(account_key(id), encode(entry.record));
      next.view.accounts.put(id, std::move(entry));
      next.ended = id;
      return {};
    };
    POSTERN_CO_CHECK(co_await change(std::move(mark)));
  }
  const auto erased = co_await mail_store_.remove_account(id);
  if (!erased && erased.error().code != Errc::not_found) co_return erased;
  Decide decide = [id, address](Change& next) -> Result<void> {
    POSTERN_TRY(const auto place, place_of(next.view, address));
    const auto* const entry = next.view.addresses.find(place.name);
    if (entry == nullptr || entry->account != id) return fail(Errc::conflict, "changed meanwhile");
    next.batch.erase(account_key(id));
    next.batch.erase(address_key(place.name));
    next.batch.erase(credential_key(id));
    next.view.accounts.erase(id);
    next.view.addresses.erase(place.name);
    return {};
  };
  co_return co_await change(std::move(decide));
}

/// One that fails does not keep the others from it.
Task<Result<void>> LocalDirectory::finish_removals() {
  Result<void> first;
  for (const auto& account : accounts()) {
    if (!account.removing) continue;
    // While others were removed this one may have gone, and its address may be a new account's.
    const auto view = published_.get();
    const auto* const owner = view->owner(account.address);
    if (owner == nullptr || owner->account().id != account.id) continue;
    auto done = co_await remove_account(account.address);
    // Somebody else may have ended it meanwhile.
    const auto code = done ? Errc::not_found : done.error().code;
    if (code != Errc::not_found && code != Errc::conflict && first) first = std::move(done);
  }
  co_return first;
}

Task<Result<void>> LocalDirectory::put_alias(Alias alias) {
  return change([alias = std::move(alias)](Change& next) -> Result<void> {
    POSTERN_TRY(auto place, place_of(next.view, alias.address));
    const auto* const old = next.view.addresses.find(place.name);
    if (old != nullptr && !old->alias) return fail(Errc::already_exists, "an account's address");
    if (alias.members.empty() == alias.refusal.empty())
      return fail(Errc::bad_syntax, "an alias has either members or a refusal");
    if (alias.members.size() > kMaxTargets) return fail(Errc::too_large, "too many members");
    if (alias.refusal.size() > kMaxRefusal) return fail(Errc::too_large, "too long a refusal");
    if (std::ranges::any_of(alias.refusal, text::is_control))
      return fail(Errc::bad_syntax, "a control in the refusal");
    auto entry = std::make_shared<AliasEntry>();
    for (const auto& member : alias.members) {
      POSTERN_TRY(auto parsed, parse_name(member));
      entry->members.push_back(std::move(parsed));
    }
    if (old != nullptr) entry->record.unknown = old->alias->record.unknown;
    entry->record.alias = alias;
    entry->record.alias.address = smtp::to_string(place.address);
    next.batch.put(address_key(place.name), encode(entry->record));
    next.view.addresses.put(std::move(place.name), {.account = {}, .alias = std::move(entry)});
    return {};
  });
}

Task<Result<void>> LocalDirectory::remove_alias(std::string address) {
  return change([address = std::move(address)](Change& next) -> Result<void> {
    POSTERN_TRY(const auto place, place_of(next.view, address));
    const auto* const entry = next.view.addresses.find(place.name);
    if (entry == nullptr || !entry->alias) return fail(Errc::not_found, address);
    next.batch.erase(address_key(place.name));
    next.view.addresses.erase(place.name);
    return {};
  });
}

}  // namespace postern::directory
