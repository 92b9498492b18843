#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"

// AES-256-GCM (NIST SP 800-38D): what is stored encrypted, under a key that lies elsewhere. Running
// out of memory throws std::bad_alloc.
namespace postern::crypto {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;

/// `text` encrypted, then the tag: kAeadTagSize octets more than `text`. `nonce`: kAeadNonceSize
/// octets that were never used with this key (drawn at random, for at most 2^32 texts a key).
/// `about` is not encrypted and must be the same at opening: it ties the text to its place. `key`
/// of another size than kAeadKeySize, or another nonce, is a mistake: `bad_config`.
[[nodiscard]] Result<std::string> aead_seal(std::string_view key, std::string_view nonce,
                                            std::string_view about, std::string_view text);

/// The text. Errors: `corrupt` (another key, nonce or `about`, or changed octets: nobody can tell
/// which); `bad_config` as above.
[[nodiscard]] Result<Secret<std::string>> aead_open(std::string_view key, std::string_view nonce,
                                                    std::string_view about,
                                                    std::string_view sealed);

}  // namespace postern::crypto
