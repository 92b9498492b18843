#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "directory/records.hpp"
#include "verify/context.hpp"

namespace postern::verify {

/// Space `system`: domains, accounts, addresses and credentials that refer to each other.
class SystemSpace {
 public:
  explicit SystemSpace(Context& context) : context_{context} {}
  void take(const kv::Pair& pair);
  void finish();

 private:
  void take_store(const kv::Pair& pair);
  void take_domain(std::string_view name, std::string_view value);
  void take_account(const kv::Pair& pair);
  void take_address(std::string_view name, std::string_view value);
  void take_credential(const kv::Pair& pair);
  [[nodiscard]] std::optional<AccountId> id_of(const kv::Pair& pair);
  void check_domain(const directory::Domain& domain);
  void check_account(const directory::Account& account);
  void check_address(const std::string& name, const directory::AddressRecord& record);
  void check_name(const std::string& name, std::string_view address);
  void add(std::string where, std::string what) {
    context_.report.add(std::move(where), std::move(what));
  }

  Context& context_;
  bool store_ = false;
  std::map<std::string, directory::Domain, std::less<>> domains_;
  std::map<AccountId, directory::Account> accounts_;
  std::map<std::string, directory::AddressRecord> addresses_;
  std::set<AccountId> credentials_;
};

}  // namespace postern::verify
