#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/name.hpp"
#include "vocab/result.hpp"

namespace postern::http {

inline constexpr std::size_t kMaxUrl = 2000;  ///< Octets.

/// An `https` URL, taken apart.
struct Url {
  dns::Name host;
  std::optional<std::uint16_t> port = {};  ///< As it is written; nothing: the usual one.
  std::string target = "/";                ///< Path and query, for the request line.

  /// As the Host field has it (RFC 9110 §7.2).
  [[nodiscard]] std::string authority() const;
  friend bool operator==(const Url&, const Url&) = default;
};

/// Reads `https://host[:port][/path][?query]` (RFC 3986 §3, RFC 9110 §4.2.2) and nothing else: no
/// other scheme, user, fragment or address in place of the name; ASCII only; at most `kMaxUrl`
/// octets. Error `bad_syntax` with the reason.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace postern::http
