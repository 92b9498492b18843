#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace postern::feedback {

/// A date and time of RFC 3339 §5.6 (`2016-04-01T00:00:00Z`), any offset, fractions of a second cut
/// off; a blank instead of the T and small letters are taken. Nothing if it is no such thing.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_instant(std::string_view text);
/// The same in UTC.
[[nodiscard]] std::string print_instant(std::chrono::sys_seconds time);

}  // namespace postern::feedback
