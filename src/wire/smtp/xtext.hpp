#pragma once

#include <optional>
#include <string>
#include <string_view>

// The encodings in which addresses and ids travel as values of MAIL and RCPT parameters.
namespace postern::smtp {

/// `octets` as xtext (RFC 3461 §4): printable ASCII without SP, '+' and '='; the rest as +XX.
[[nodiscard]] std::string to_xtext(std::string_view octets);

/// The octets that `xtext` stands for; nothing when it is no xtext: a '+' without two hexadecimal
/// digits (lower-case ones are tolerated), '=', SP, a control or an 8-bit octet.
[[nodiscard]] std::optional<std::string> from_xtext(std::string_view xtext);

/// A UTF-8 address in the 7-bit form utf-8-addr-xtext (RFC 6533 §3): what is not printable ASCII,
/// and '\', '+', '=', as \x{HEXPOINT}. Octets that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_utf8_addr_xtext(std::string_view address);

/// The address that utf-8-addr-xtext or utf-8-addr-unitext stands for (RFC 6533 §3), as UTF-8.
/// Nothing on a broken escape, on octets the form does not allow, on a surrogate or a code point
/// beyond U+10FFFF, and on an escaped control (U+0000-U+001F, U+007F): no address holds one.
[[nodiscard]] std::optional<std::string> from_utf8_addr_xtext(std::string_view text);

}  // namespace postern::smtp
