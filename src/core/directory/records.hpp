#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/scram.hpp"
#include "directory/directory.hpp"
#include "record/record.hpp"

// What the directory stores in space `system` (docs/formats/keys.md). Decoding fails with
// `corrupt`, or `unsupported` for a record of a later release.
namespace postern::directory {

/// The least release that may open a store that this one has written.
inline constexpr std::uint32_t kMinReader = 1;

/// system/store.
struct StoreRecord {
  std::string installation;  ///< 16 random bytes.
  std::uint32_t min_reader = kMinReader;
  std::string scram_secret;  ///< 32 random bytes: the salts of those who do not exist.
  record::Unknown unknown;
};
/// system/domain.
struct DomainRecord {
  Domain domain;
  record::Unknown unknown;
};
/// system/account.
struct AccountRecord {
  Account account;
  record::Unknown unknown;
};
/// system/address: an account's, or an alias.
struct AddressRecord {
  AccountId account;
  Alias alias;  ///< If `account` is 0.
  record::Unknown unknown;
};
/// system/credential.
struct Credential {
  std::string argon2;  ///< A PHC string.
  std::string salt;    ///< Of SCRAM.
  std::uint32_t iterations = 0;
  std::optional<crypto::ScramKeys> scram;
  record::Unknown unknown;
};

[[nodiscard]] std::string encode(const StoreRecord& value);
[[nodiscard]] std::string encode(const DomainRecord& value);
[[nodiscard]] std::string encode(const AccountRecord& value);
[[nodiscard]] std::string encode(const AddressRecord& value);
[[nodiscard]] std::string encode(const Credential& value);
[[nodiscard]] Result<StoreRecord> decode_store(std::string_view bytes);
/// Without the name, which is in the key.
[[nodiscard]] Result<DomainRecord> decode_domain(std::string_view bytes);
/// Without the id, which is in the key.
[[nodiscard]] Result<AccountRecord> decode_account(std::string_view bytes);
[[nodiscard]] Result<AddressRecord> decode_address(std::string_view bytes);
[[nodiscard]] Result<Credential> decode_credential(std::string_view bytes);

[[nodiscard]] std::string store_key();
[[nodiscard]] std::string domain_key(std::string_view a_label);
[[nodiscard]] std::string account_key(AccountId account);
/// `name`: of `address_name` (view.hpp).
[[nodiscard]] std::string address_key(std::string_view name);
[[nodiscard]] std::string credential_key(AccountId account);

}  // namespace postern::directory
