#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.hpp"
#include "directory/records.hpp"
#include "directory/table.hpp"
#include "smtp/address.hpp"
#include "text/ascii.hpp"

// The snapshot in which everything is looked up.
namespace postern::directory {

/// Members of an alias, and targets of an address.
inline constexpr std::size_t kMaxTargets = 100;
inline constexpr int kMaxSteps = 10;

struct DomainEntry {
  DomainRecord record;
  std::optional<smtp::Address> catch_all;
  [[nodiscard]] const Domain& domain() const { return record.domain; }
};
struct AliasEntry {
  AddressRecord record;
  std::vector<smtp::Address> members;
};
struct AddressEntry {
  AccountId account;                        ///< 0: an alias.
  std::shared_ptr<const AliasEntry> alias;  ///< Null: an account's.
};
struct AccountEntry {
  AccountRecord record;
  std::shared_ptr<const Credential> credential;
  [[nodiscard]] const Account& account() const { return record.account; }
};

struct View {
  StoreRecord store;
  Table<std::string, DomainEntry, text::ViewHash> domains;
  Table<std::string, AddressEntry, text::ViewHash> addresses;  ///< By `address_name`.
  Table<AccountId, AccountEntry> accounts;
  AccountId administrator;  ///< The oldest account that may be used; 0: there is none.

  [[nodiscard]] const DomainEntry* domain(std::string_view a_label) const {
    return domains.find(a_label);
  }
  /// The account whose primary address this is: no alias, no subaddress.
  [[nodiscard]] const AccountEntry* owner(const smtp::Address& address) const;
  /// The same by text; null for what is no address.
  [[nodiscard]] const AccountEntry* owner(std::string_view address) const;
  void choose_administrator();
};

/// How addresses are read here: liberally, they are an administrator's or a user's words.
[[nodiscard]] Result<smtp::Address> parse_name(std::string_view text);

/// What an address of `domain` is known by: A-label NUL canonical local part.
[[nodiscard]] std::string address_name(const Domain& domain, std::string_view local);

[[nodiscard]] Resolution resolve(const View& view, const smtp::Address& address);

/// The newest snapshot, for any thread. The mutex is held to copy a pointer, no longer.
/// (std::atomic<std::shared_ptr> of libstdc++ 12 spins on a bit instead, unseen by TSan.)
class Published {
 public:
  [[nodiscard]] std::shared_ptr<const View> get() const {
    const std::scoped_lock lock{mutex_};
    return view_;
  }
  void set(std::shared_ptr<const View> view) {
    const std::scoped_lock lock{mutex_};
    view_.swap(view);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const View> view_ = std::make_shared<View>();
};

}  // namespace postern::directory
