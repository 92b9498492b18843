#pragma once

#include <string>
#include <string_view>

#include "log/field.hpp"

namespace postern::log {

/// Longest value in a log line, in bytes before quoting; more is cut and ends in `...`.
inline constexpr std::size_t kMaxValue = 1024;

/// Appends `value` so that it can neither end the line nor start another field, nor move a
/// terminal's cursor or the reading order: bare when it is printable ASCII without space, quote,
/// `=` and backslash, else in quotes with `\"`, `\\`, `\n`, `\r`, `\t` and `\uXXXX` for controls
/// and for direction marks; bytes that are not UTF-8 become U+FFFD.
void append_value(std::string& out, std::string_view value);

/// Appends ` key=value`. `addresses` says whether mail addresses are shown whole.
void append_field(std::string& out, const Field& field, bool addresses);

/// `*@domain` of a mail address, or `*` when it has no `@`.
[[nodiscard]] std::string mask_address(std::string_view address);

/// `text` with every address in it masked.
[[nodiscard]] std::string mask_addresses(std::string_view text);

}  // namespace postern::log
