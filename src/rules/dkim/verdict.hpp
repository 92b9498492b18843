#pragma once

#include <cstdint>
#include <string_view>

namespace postern::dkim {

/// The words of RFC 8601 §2.7.1. Here they mean:
enum class Verdict : std::uint8_t {
  none,       ///< Not signed.
  pass,       ///< Verified, and of a kind we rely on.
  fail,       ///< The body or header was altered, or the signature is another key's.
  policy,     ///< Not relied on whatever it says: l=, From or Subject not signed.
  neutral,    ///< Not looked at: too many signatures, or too large a header.
  temperror,  ///< DNS fails for now.
  permerror,  ///< Malformed, expired, from the future, rsa-sha1 (RFC 8301 §3.1); or no such key,
              ///< revoked, malformed, for something else, RSA outside 1024 to 4096 bits (§3.2).
};

[[nodiscard]] std::string_view to_string(Verdict verdict);

}  // namespace postern::dkim
