#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text on its way into XML and out of it.
namespace postern::feedback {

/// `text` as UTF-8 that XML 1.0 allows: octets that are no UTF-8 become U+FFFD; controls but HTAB,
/// LF and CR, and U+FFFE and U+FFFF, are dropped. At most `limit` octets, cut at a code point.
[[nodiscard]] std::string clean_xml(std::string_view text, std::size_t limit = std::string::npos);

/// One value out of a report: `clean_xml`, all controls made spaces, trimmed.
[[nodiscard]] std::string clean_value(std::string_view text, std::size_t limit);

/// Appends `text` (cleaned already) as character data: & < > and quotes as entities.
void append_escaped(std::string& out, std::string_view text);

/// A whole XML document as clean UTF-8, whatever it came in: by its byte order mark, by the look of
/// its first octets, by its declaration where that can be true; else as UTF-8, with windows-1252
/// for octets that are none. At most three octets come out for one.
[[nodiscard]] std::string decode_xml(std::string_view bytes);

}  // namespace postern::feedback
