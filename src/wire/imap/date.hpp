#pragma once

#include <chrono>
#include <string>

#include "imap/lexer.hpp"
#include "mime/date.hpp"

namespace postern::imap {

/// date-time with its quotes, `"17-Jul-1996 02:44:25 -0700"` (RFC 9051 §9): an INTERNALDATE.
[[nodiscard]] Parsed<mime::DateTime> parse_date_time(Lexer& in);

/// date: `1-Feb-1994`, quotes or not (RFC 9051 §9); a day that exists.
[[nodiscard]] Parsed<std::chrono::year_month_day> parse_date(Lexer& in);

/// date-time with its quotes.
void append_date_time(std::string& out, const mime::DateTime& date);

}  // namespace postern::imap
