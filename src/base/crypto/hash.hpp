#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include "crypto/bytes.hpp"

struct evp_md_ctx_st;

// SHA-256 and what is built on it, over libcrypto. Running out of memory throws std::bad_alloc;
// nothing else can fail.
namespace postern::crypto {

[[nodiscard]] Digest sha256(std::string_view bytes);

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  /// The digest of everything so far; the object then starts afresh.
  [[nodiscard]] Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// RFC 2104 with SHA-256.
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view bytes);

/// HMAC over several fields, each preceded by its length as 8 bytes, so that ("ab", "c") and ("a",
/// "bc") differ: what identifies an account and password in the cache of verified logins.
[[nodiscard]] Digest hmac_sha256_fields(std::string_view key,
                                        std::initializer_list<std::string_view> fields);

/// PBKDF2 (RFC 8018) with HMAC-SHA-256 and one block of output: Hi() of RFC 5802 §2.2. `iterations`
/// at least 1. 100,000 iterations take tens of milliseconds: run large counts on a
/// pool.
[[nodiscard]] Digest pbkdf2_hmac_sha256(std::string_view password, std::string_view salt,
                                        std::uint32_t iterations);

}  // namespace postern::crypto
