#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// Argon2id (RFC 9106) in the PHC string form that is stored beside an account:
//   $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>        (base64 without padding)
// Slow on purpose (about 20 ms with the defaults) and 19 MiB of memory: run it on a pool.
// Everything happens in the calling thread, whatever p says.
namespace postern::crypto {

struct Argon2Cost {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

/// What a stored string may ask of us at most (such strings can be imported), and what we may be
/// configured to.
inline constexpr Argon2Cost kMaxArgon2Cost{.memory_kib = 256 * 1024, .passes = 16, .lanes = 16};
inline constexpr std::size_t kMinSalt = 8;
inline constexpr std::size_t kMaxSalt = 64;
/// A password beyond this is refused rather than hashed.
inline constexpr std::size_t kMaxPassword = 4096;

/// The PHC string of `password`, which the caller has prepared (sasl/prep.hpp). `salt`: 16 fresh
/// random bytes. Errors: too_large (password), bad_config (salt or cost out of bounds),
/// limit_reached (no memory).
[[nodiscard]] Result<std::string> argon2id_hash(std::string_view password, std::string_view salt,
                                                const Argon2Cost& cost = {});

/// Whether `password` is the one of `phc`. Errors: corrupt (not such a string), unsupported (asks
/// more than kMaxArgon2Cost, or is another algorithm or version), limit_reached (no memory).
[[nodiscard]] Result<bool> argon2id_verify(std::string_view password, std::string_view phc);

/// Whether `phc` was made with another cost than `cost`, or cannot be read: after the next good
/// login the password should be hashed anew.
[[nodiscard]] bool argon2id_needs_rehash(std::string_view phc, const Argon2Cost& cost = {});

}  // namespace postern::crypto
