#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vocab/time.hpp"

namespace postern::mime {

/// A moment and the zone its writer was in.
struct DateTime {
  Timestamp time;
  /// Minutes east of UTC, within ±(24 h - 1 min).
  std::int16_t offset_minutes = 0;

  /// The calendar day as written, which SENTON and ON compare (RFC 9051 §6.4.4: "disregarding time
  /// and timezone").
  [[nodiscard]] std::chrono::sys_days local_day() const;
  friend bool operator==(const DateTime&, const DateTime&) = default;
};

/// A Date field's value (RFC 5322 §3.3) with the obsolete forms of §4.3: two- and three-digit
/// years, zone names, comments; the seconds, the weekday and the zone (then UTC) may be missing.
/// A wrong weekday is not noticed. Also the asctime order (`Tue Jul  1 10:52:37 2003`).
/// Nothing if there is no such date.
[[nodiscard]] std::optional<DateTime> parse_date(std::string_view value);
/// `Tue, 1 Jul 2003 10:52:37 +0200`. Years beyond 9999 or before 0 do not occur.
[[nodiscard]] std::string print_date(DateTime date);

/// IMAP date-time without its quotes: `17-Jul-1996 02:44:25 -0700` (RFC 9051 §9, date-time). Strict
/// but for the day, which may be one digit or one digit after a space.
[[nodiscard]] std::optional<DateTime> parse_internal_date(std::string_view text);
/// The same, day with a leading space.
[[nodiscard]] std::string print_internal_date(DateTime date);

}  // namespace postern::mime
