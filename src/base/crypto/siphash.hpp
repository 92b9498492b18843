#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace postern::crypto {

/// 16 random bytes, drawn once per process.
using SipKey = std::array<std::uint8_t, 16>;

/// SipHash-2-4: a short keyed hash for tables whose keys a stranger chooses (addresses, names,
/// nets), so that nobody can make them collide. 64 bits are too few to stand for a password: use
/// hmac_sha256_fields there.
[[nodiscard]] std::uint64_t siphash(const SipKey& key, std::string_view bytes);

}  // namespace postern::crypto
