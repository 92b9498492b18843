#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "crypto/hash.hpp"
#include "directory/records.hpp"
#include "vocab/ids.hpp"
#include "vocab/time.hpp"

namespace postern::directory {

/// Passwords that were verified lately, as HMACs under a key of this process, so that mail clients
/// that log in every minute do not cost an Argon2 each. What is remembered holds for one
/// credential: any change makes another, and with it all that was remembered worthless. Any thread.
class LoginCache {
 public:
  /// `key`: 32 fresh random bytes.
  LoginCache(std::string key, Duration life) : key_{std::move(key)}, life_{life} {}

  /// What stands for a login name and a password here; both prepared.
  [[nodiscard]] crypto::Digest digest(std::string_view login, std::string_view password) const {
    return crypto::hmac_sha256_fields(key_, {login, password});
  }
  [[nodiscard]] bool knows(AccountId account, const std::shared_ptr<const Credential>& credential,
                           const crypto::Digest& digest, Instant now) const;
  void remember(AccountId account, std::shared_ptr<const Credential> credential,
                const crypto::Digest& digest, Instant now);

  static constexpr std::size_t kMaxEntries = 65'536;

 private:
  struct Entry {
    std::shared_ptr<const Credential> credential;
    crypto::Digest digest;
    Instant expires;
  };
  void make_room(Instant now);

  const std::string key_;
  const Duration life_;
  mutable std::mutex mutex_;
  std::unordered_map<AccountId, Entry> entries_;
};

}  // namespace postern::directory
