#include "imap/date.hpp"

#include <array>
#include <string_view>

namespace postern::imap {
namespace {

using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

Parsed<unsigned> digits(Lexer& in, std::size_t at_least, std::size_t at_most) {
  const auto text = in.take_while(text::is_digit);
  if (text.size() < at_least || text.size() > at_most) return bad("bad date");
  return text::parse_number<unsigned>(text).value_or(0);
}

Parsed<unsigned> month(Lexer& in) {
  const auto name = in.take_while(text::is_alpha);
  for (unsigned i = 0; i < kMonths.size(); ++i)
    if (text::iequals(name, kMonths.at(i))) return i + 1;
  return bad("bad month");
}

}  // namespace

Parsed<mime::DateTime> parse_date_time(Lexer& in) {
  if (in.peek() != '"') return bad("date expected");
  POSTERN_TRY(const auto text, in.string());
  const auto date = mime::parse_internal_date(text);
  if (!date) return bad("bad date");
  return *date;
}

Parsed<year_month_day> parse_date(Lexer& in) {
  const bool quoted = in.eat('"');
  POSTERN_TRY(const unsigned day, digits(in, 1, 2));
  POSTERN_CHECK(in.expect('-'));
  POSTERN_TRY(const unsigned mon, month(in));
  POSTERN_CHECK(in.expect('-'));
  POSTERN_TRY(const unsigned year, digits(in, 4, 4));
  if (quoted) {
    POSTERN_CHECK(in.expect('"'));
  }
  const year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{mon},
                            std::chrono::day{day}};
  if (!date.ok()) return bad("no such day");
  return date;
}

void append_date_time(std::string& out, const mime::DateTime& date) {
  out.push_back('"');
  out += mime::print_internal_date(date);
  out.push_back('"');
}

}  // namespace postern::imap
