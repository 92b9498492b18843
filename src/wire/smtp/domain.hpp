#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "text/ip.hpp"
#include "vocab/result.hpp"

// The right side of an address: a domain name or an address literal (RFC 5321 §4.1.2, §4.1.3;
// RFC 6531 §3.3 for U-labels).
namespace postern::smtp {

inline constexpr std::size_t kMaxDomain = 255;  ///< Octets, RFC 5321 §4.5.3.1.2.

/// Both forms of a domain. Made by `parse_domain` only; two domains are the same when their
/// `ascii` are.
struct Domain {
  std::string text;   ///< As written: case kept, U-labels kept, or a literal with its brackets.
  std::string ascii;  ///< Lower-case A-labels, or "[192.0.2.1]" / "[IPv6:2001:db8::1]".
  std::optional<text::IpAddress> literal = {};

  friend bool operator==(const Domain& a, const Domain& b) { return a.ascii == b.ascii; }
};

/// Parses all of `text`. U-labels are taken only if `utf8`, and converted by UTS 46 without
/// transitional mappings. Errors: `bad_syntax` (empty label, octet that is no letter, digit or
/// inner hyphen, label over 63 octets, unknown literal), `too_large` (over 255 octets in either
/// form).
[[nodiscard]] Result<Domain> parse_domain(std::string_view text, bool utf8 = false);

/// The form to show to people: U-labels where A-labels convert; a literal as it is.
[[nodiscard]] std::string to_unicode(const Domain& domain);

}  // namespace postern::smtp
