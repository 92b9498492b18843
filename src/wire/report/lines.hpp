#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// How reports bring text into lines.
namespace postern::report {

/// `text` on one line: controls become spaces, what is no UTF-8 is replaced; without `utf8` every
/// 8-bit octet becomes '?'. Cut at `limit` octets, at a code point.
[[nodiscard]] std::string one_line(std::string_view text, bool utf8, std::size_t limit = 900);

/// "Name: value" CRLF, folded at spaces to 78 columns where there are any. `value` is one line.
[[nodiscard]] std::string folded(std::string_view name, std::string_view value);

/// `text` (one line) in lines of at most 72 columns, each with `indent` and CRLF.
[[nodiscard]] std::string wrapped(std::string_view text, std::string_view indent);

/// Quoted-printable (RFC 2045 §6.7) of text with CRLF lines.
[[nodiscard]] std::string quoted_printable(std::string_view text);

/// Whether a line has more than 998 octets.
[[nodiscard]] bool has_long_line(std::string_view text);

}  // namespace postern::report
