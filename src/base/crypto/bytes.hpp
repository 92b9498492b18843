#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What every user of secrets needs: compare without telling where two texts differ, and forget.
// Bytes travel as std::string_view, digests as std::array. Nothing here takes randomness: callers
// pass bytes they drew from the injected source.
namespace postern::crypto {

/// A SHA-256 digest or HMAC.
inline constexpr std::size_t kDigestSize = 32;
using Digest = std::array<std::uint8_t, kDigestSize>;

/// The digest's bytes; lives as long as the digest.
template <std::size_t N>
[[nodiscard]] std::string_view view(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

/// Whether both hold the same bytes. The time depends on the lengths alone; texts of different
/// length are unequal at once.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

/// Overwrites what `secret` holds (its spare capacity too) in a way the compiler may not drop, and
/// empties it.
void wipe(std::string& secret);
void wipe(void* bytes, std::size_t size);

/// Wipes a string that outlives it when the scope ends, however it ends.
class ScopedWipe {
 public:
  explicit ScopedWipe(std::string& secret) : secret_{secret} {}
  ScopedWipe(const ScopedWipe&) = delete;
  ScopedWipe& operator=(const ScopedWipe&) = delete;
  ~ScopedWipe() { wipe(secret_); }

 private:
  std::string& secret_;
};

}  // namespace postern::crypto
