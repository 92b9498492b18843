#include "directory/view.hpp"

#include <utility>

namespace postern::directory {

Result<smtp::Address> parse_name(std::string_view text) {
  return smtp::parse_address(text, {.utf8 = true, .loose_dots = true, .long_local = true});
}

std::string address_name(const Domain& domain, std::string_view local) {
  auto key = domain.fold_case ? smtp::local_key(local) : std::string{local};
  if (domain.fold_dots) std::erase(key, '.');
  return domain.name + '\0' + key;
}

const AccountEntry* View::owner(const smtp::Address& address) const {
  const auto* const in = domain(address.domain.ascii);
  if (in == nullptr) return nullptr;
  const auto* const entry = addresses.find(address_name(in->domain(), address.local));
  return entry == nullptr || entry->alias ? nullptr : accounts.find(entry->account);
}

const AccountEntry* View::owner(std::string_view address) const {
  const auto parsed = parse_name(address);
  return parsed ? owner(*parsed) : nullptr;
}

void View::choose_administrator() {
  const Account* oldest = nullptr;
  accounts.for_each([&oldest](AccountId, const AccountEntry& entry) {
    const auto& account = entry.account();
    if (account.disabled) return;
    if (oldest == nullptr ||
        std::pair{account.created, account.id} < std::pair{oldest->created, oldest->id})
      oldest = &account;
  });
  administrator = oldest == nullptr ? AccountId{} : oldest->id;
}

}  // namespace postern::directory
