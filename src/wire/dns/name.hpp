#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "text/ip.hpp"
#include "vocab/result.hpp"

namespace postern::dns {

/// A fully qualified domain name, checked and lower-cased, so that equal names are equal values. At
/// most 255 octets on the wire, labels of 1 to 63 octets (RFC 1035 §2.3.4). Labels may hold any
/// octet, as DNS allows (`_dmarc`, SPF macros); `is_host` tells what may name a machine. The
/// default is the root.
class Name {
 public:
  Name() = default;

  /// Reads presentation form, with or without the trailing dot; nothing is ever appended to it.
  /// Letters become lower case; U-labels become A-labels (IDNA2008 with the mapping of UTS 46);
  /// `\.` and `\ddd` stand for odd octets in ASCII names. Linear and bounded.
  /// Error `bad_syntax`: empty, an empty label, too long, a raw space or control, not UTF-8, or
  /// refused by IDNA.
  [[nodiscard]] static Result<Name> parse(std::string_view text);

  /// Takes one uncompressed name off the front of `wire` (rdata as libunbound hands it out has no
  /// compression). Error `bad_syntax`, `wire` unchanged: truncated, too long, or a pointer.
  [[nodiscard]] static Result<Name> take(std::string_view& wire);

  [[nodiscard]] bool is_root() const { return labels_.empty(); }
  /// How many labels; the root has none.
  [[nodiscard]] std::size_t depth() const;
  /// Without the first label; the root's parent is the root.
  [[nodiscard]] Name parent() const;
  /// Whether this is `zone` or lies below it. Every name lies below the root.
  [[nodiscard]] bool is_within(const Name& zone) const;
  /// `prefix` (`_25._tcp`) in front of this name. Error `bad_syntax`: no name, or too long
  /// together.
  [[nodiscard]] Result<Name> below(std::string_view prefix) const;
  /// Letters, digits and hyphens only, no hyphen at a label's ends, at least one label
  /// (RFC 5321 §4.1.2 `Domain`).
  [[nodiscard]] bool is_host() const;

  /// Presentation form in A-labels without the trailing dot; the root is ".".
  [[nodiscard]] std::string to_string() const;
  /// Uncompressed wire form, the root label included.
  [[nodiscard]] std::string to_wire() const { return labels_ + '\0'; }

  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  std::string labels_;  ///< Wire form without the root label.
};

/// The name whose PTR records tell the names of `ip`: under in-addr.arpa, or under ip6.arpa by
/// nibbles (RFC 3596 §2.5).
[[nodiscard]] Name reverse_name(const text::IpAddress& ip);

}  // namespace postern::dns

template <>
struct std::hash<postern::dns::Name> {
  std::size_t operator()(const postern::dns::Name& name) const noexcept {
    return std::hash<std::string>{}(name.to_wire());
  }
};
