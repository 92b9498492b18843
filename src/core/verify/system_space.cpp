#include "verify/system_space.hpp"

#include <utility>

#include "directory/view.hpp"
#include "record/key.hpp"

namespace postern::verify {
namespace {

using layout::SystemKind;

std::string readable(std::string name) {
  const auto nul = name.find('\0');
  return nul == std::string::npos ? name : name.substr(nul + 1) + "@" + name.substr(0, nul);
}

}  // namespace

void SystemSpace::take(const kv::Pair& pair) {
  const auto rest = std::string_view{pair.key}.substr(kShardKindAt + 1);
  switch (static_cast<SystemKind>(octet(pair.key, kShardKindAt))) {
    case SystemKind::store:      return take_store(pair);
    case SystemKind::domain:     return take_domain(rest, pair.value);
    case SystemKind::account:    return take_account(pair);
    case SystemKind::address:    return take_address(rest, pair.value);
    case SystemKind::credential: return take_credential(pair);
  }
  unknown_key(context_, pair.key);
}

void SystemSpace::take_store(const kv::Pair& pair) {
  if (pair.key != directory::store_key()) return unknown_key(context_, pair.key);
  store_ = true;
  const auto record = directory::decode_store(pair.value);
  if (!record) return add("store record", why(record.error()));
  if (record->installation.empty() || record->scram_secret.empty())
    add("store record", "the installation has no identity");
}

void SystemSpace::take_domain(std::string_view name, std::string_view value) {
  ++context_.report.counts.domains;
  auto record = directory::decode_domain(value);
  if (!record) return add("domain " + std::string{name}, why(record.error()));
  record->domain.name = name;
  domains_.emplace(name, std::move(record->domain));
}

std::optional<AccountId> SystemSpace::id_of(const kv::Pair& pair) {
  record::KeyReader in{std::string_view{pair.key}.substr(kShardKindAt + 1)};
  const auto id = in.account();
  if (in.finish() && id != AccountId{}) return id;
  unknown_key(context_, pair.key);
  return std::nullopt;
}

void SystemSpace::take_account(const kv::Pair& pair) {
  const auto id = id_of(pair);
  if (!id) return;
  ++context_.report.counts.accounts;
  auto record = directory::decode_account(pair.value);
  context_.accounts.emplace(*id, record && record->account.disabled);
  if (!record) return add("account " + hex(id->value()), why(record.error()));
  record->account.id = *id;
  if (record->account.removing) context_.removing.insert(*id);
  if (record->account.removing && !record->account.disabled)
    add("account " + hex(id->value()), "is being removed, and is not disabled");
  accounts_.emplace(*id, std::move(record->account));
}

void SystemSpace::take_address(std::string_view name, std::string_view value) {
  ++context_.report.counts.addresses;
  auto record = directory::decode_address(value);
  if (!record) return add("address " + readable(std::string{name}), why(record.error()));
  addresses_.emplace(name, *std::move(record));
}

void SystemSpace::take_credential(const kv::Pair& pair) {
  const auto id = id_of(pair);
  if (!id) return;
  credentials_.insert(*id);
  const auto record = directory::decode_credential(pair.value);
  if (!record) add("credential of account " + hex(id->value()), why(record.error()));
}

void SystemSpace::check_domain(const directory::Domain& domain) {
  const auto where = "domain " + domain.name;
  if (!domain.alias_of.empty()) {
    const auto target = domains_.find(domain.alias_of);
    if (target == domains_.end()) {
      add(where, "is an alias of " + domain.alias_of + ", which does not exist");
    } else if (!target->second.alias_of.empty()) {
      add(where, "is an alias of an alias");
    }
  }
  if (!domain.catch_all.empty() && !directory::parse_name(domain.catch_all))
    add(where, "its catch-all is no address");
}

/// An address is kept under the name that its domain's options give it.
void SystemSpace::check_name(const std::string& name, std::string_view address) {
  const auto where = "address " + readable(name);
  const auto domain = domains_.find(std::string_view{name}.substr(0, name.find('\0')));
  if (domain == domains_.end()) return add(where, "its domain does not exist");
  const auto parsed = directory::parse_name(address);
  if (!parsed) return add(where, "is no address");
  if (parsed->domain.ascii != domain->first ||
      directory::address_name(domain->second, parsed->local) != name)
    add(where, "stands under a name that is not its own");
}

void SystemSpace::check_account(const directory::Account& account) {
  const auto where = "account " + hex(account.id.value());
  if (!credentials_.contains(account.id)) add(where, "has no credential");
  const auto parsed = directory::parse_name(account.address);
  if (!parsed) return add(where, "its address cannot be read");
  const auto domain = domains_.find(parsed->domain.ascii);
  if (domain == domains_.end()) return add(where, "its domain does not exist");
  const auto found = addresses_.find(directory::address_name(domain->second, parsed->local));
  if (found == addresses_.end() || found->second.account != account.id)
    add(where, "its address does not lead to it");
}

void SystemSpace::check_address(const std::string& name, const directory::AddressRecord& record) {
  const auto where = "address " + readable(name);
  if (record.account != AccountId{}) {
    const auto owner = accounts_.find(record.account);
    if (owner != accounts_.end()) return check_name(name, owner->second.address);
    if (!context_.accounts.contains(record.account)) add(where, "its account does not exist");
    return;
  }
  check_name(name, record.alias.address);
  if (record.alias.members.empty() == record.alias.refusal.empty())
    add(where, "an alias has either members or a refusal");
  for (const auto& member : record.alias.members) {
    if (!directory::parse_name(member)) add(where, "a member is no address");
  }
}

void SystemSpace::finish() {
  if (!store_) add("store record", "is missing");
  for (const auto& [name, domain] : domains_) check_domain(domain);
  for (const auto& [id, account] : accounts_) check_account(account);
  for (const auto& [name, record] : addresses_) check_address(name, record);
  for (const auto id : credentials_) {
    if (!context_.accounts.contains(id))
      add("credential of account " + hex(id.value()), "its account does not exist");
  }
}

}  // namespace postern::verify
