#include "mime/date.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "mime/lexer.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
// RFC 5322 §4.3, in minutes; the military letters there count as unknown, which is UTC.
constexpr std::array<std::pair<std::string_view, std::int16_t>, 8> kZones = {{{"EDT", -240},
                                                                              {"EST", -300},
                                                                              {"CDT", -300},
                                                                              {"CST", -360},
                                                                              {"MDT", -360},
                                                                              {"MST", -420},
                                                                              {"PDT", -420},
                                                                              {"PST", -480}}};
constexpr std::size_t kMaxTokens = 12;

using Tokens = std::vector<std::string_view>;

struct TimeOfDay {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
};

// Words of the date; commas and comments only part them. More than a date has are not read.
Tokens tokens_of(std::string_view value) {
  Tokens tokens;
  Lexer lexer{value};
  while (tokens.size() < kMaxTokens) {
    lexer.skip_cfws();
    if (lexer.done()) break;
    const std::string_view word = lexer.run(",(");
    if (!word.empty())
      tokens.push_back(word);
    else
      lexer.advance();
  }
  return tokens;
}

std::optional<unsigned> number(std::string_view text, std::size_t max_digits) {
  if (text.size() > max_digits) return std::nullopt;
  return text::parse_number<unsigned>(text);
}

std::optional<unsigned> month_of(std::string_view text) {
  for (unsigned month = 1; month <= 12; ++month)
    if (text.size() >= 3 && text::istarts_with(text, kMonths.at(month - 1))) return month;
  const auto value = number(text, 2);
  return value && *value >= 1 && *value <= 12 ? value : std::nullopt;
}

// RFC 5322 §4.3: 00-49 are 2000-2049, 50-99 and three digits count from 1900.
std::optional<int> year_of(std::string_view text) {
  const auto value = number(text, 4);
  if (!value || text.size() < 2) return std::nullopt;
  const int year = static_cast<int>(*value);
  if (text.size() == 2) return year < 50 ? 2000 + year : 1900 + year;
  return text.size() == 3 ? 1900 + year : year;
}

std::optional<TimeOfDay> time_of(std::string_view text) {
  const char separator = text.find(':') != text.npos ? ':' : '.';
  const std::vector<std::string_view> parts = text::split(text, separator);
  if (parts.size() < 2 || parts.size() > 4) return std::nullopt;
  const auto hour = number(parts[0], 2);
  const auto minute = number(parts[1], 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  TimeOfDay time{.hour = *hour, .minute = *minute};
  if (parts.size() > 2) {
    const auto second = number(parts[2].substr(0, parts[2].find('.')), 2);
    if (!second || *second > 60) return std::nullopt;  // 60: a leap second
    time.second = *second;
  }
  return time;
}

// `+hhmm`, `+hh:mm`, `+hh`.
std::optional<std::int16_t> numeric_zone(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c == ':') continue;
    if (!text::is_digit(c)) break;
    digits += c;
  }
  if (digits.size() == 2) digits += "00";
  const auto value = number(digits, 4);
  if (!value || digits.size() != 4 || *value / 100 > 23 || *value % 100 > 59) return std::nullopt;
  const int offset = static_cast<int>(*value / 100 * 60 + *value % 100);
  return static_cast<std::int16_t>(text[0] == '-' ? -offset : offset);
}

std::int16_t zone_of(std::string_view text) {
  if (const auto offset = numeric_zone(text)) return *offset;
  for (const auto& [name, offset] : kZones)
    if (text::istarts_with(text, name)) return offset;  // EST5EDT too
  // GMT+0200 and the like
  const std::size_t sign = text.find_first_of("+-");
  return sign == text.npos ? std::int16_t{0}
                           : numeric_zone(text.substr(sign)).value_or(std::int16_t{0});
}

std::optional<DateTime> assemble(int year, unsigned month, unsigned day, TimeOfDay time,
                                 std::int16_t offset) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  const Timestamp local =
      sys_days{date} + hours{time.hour} + minutes{time.minute} + seconds{time.second};
  return DateTime{.time = local - minutes{offset}, .offset_minutes = offset};
}

// day month year time [zone]
std::optional<DateTime> usual_order(std::span<const std::string_view> tokens) {
  if (tokens.size() < 4) return std::nullopt;
  const auto day = number(tokens[0], 2);
  const auto month = month_of(tokens[1]);
  const auto year = year_of(tokens[2]);
  const auto time = time_of(tokens[3]);
  if (!day || !month || !year || !time) return std::nullopt;
  return assemble(*year, *month, *day, *time, tokens.size() > 4 ? zone_of(tokens[4]) : 0);
}

// month day time [zone] year
std::optional<DateTime> asctime_order(std::span<const std::string_view> tokens) {
  if (tokens.size() < 4) return std::nullopt;
  const bool zoned = tokens.size() > 4 && !text::is_digit(tokens[3][0]);
  const auto month = month_of(tokens[0]);
  const auto day = number(tokens[1], 2);
  const auto time = time_of(tokens[2]);
  const auto year = year_of(tokens[zoned ? 4 : 3]);
  if (!day || !month || !year || !time) return std::nullopt;
  std::int16_t offset = 0;
  if (zoned)
    offset = zone_of(tokens[3]);
  else if (tokens.size() > 4)
    offset = zone_of(tokens[4]);
  return assemble(*year, *month, *day, *time, offset);
}

std::string padded(unsigned value, std::size_t width, char fill = '0') {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), fill);
  return digits;
}

struct LocalTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<seconds> time;
  std::string_view weekday;
};

LocalTime local_time(DateTime date) {
  const auto local = std::chrono::floor<seconds>(date.time) + minutes{date.offset_minutes};
  const sys_days day = std::chrono::floor<days>(local);
  return {.date = day,
          .time = std::chrono::hh_mm_ss<seconds>{local - day},
          .weekday = kWeekdays.at(std::chrono::weekday{day}.c_encoding())};
}

unsigned year_number(const LocalTime& local) {
  return static_cast<unsigned>(std::clamp(static_cast<int>(local.date.year()), 0, 9999));
}

std::string_view month_name(const LocalTime& local) {
  return kMonths.at(static_cast<unsigned>(local.date.month()) - 1);
}

std::string print_clock(const LocalTime& local) {
  return padded(static_cast<unsigned>(local.time.hours().count()), 2) + ":" +
         padded(static_cast<unsigned>(local.time.minutes().count()), 2) + ":" +
         padded(static_cast<unsigned>(local.time.seconds().count()), 2);
}

std::string print_zone(int offset) {
  const auto size = static_cast<unsigned>(offset < 0 ? -offset : offset);
  return (offset < 0 ? "-" : "+") + padded(size / 60, 2) + padded(size % 60, 2);
}

}  // namespace

sys_days DateTime::local_day() const {
  return std::chrono::floor<days>(time + minutes{offset_minutes});
}

std::optional<DateTime> parse_date(std::string_view value) {
  Tokens tokens = tokens_of(value);
  if (tokens.empty()) return std::nullopt;
  // 1-Jul-2003, with the weekday before it or not
  Tokens parts;
  for (const std::string_view token : tokens) {
    const bool dashed =
        parts.size() < 2 && text::is_digit(token[0]) && std::ranges::count(token, '-') == 2;
    if (!dashed)
      parts.push_back(token);
    else
      for (const std::string_view part : text::split(token, '-'))
        if (!part.empty()) parts.push_back(part);
  }
  if (parts.empty()) return std::nullopt;
  std::span<const std::string_view> rest{parts};
  if (!text::is_digit(rest[0][0])) {
    if (const auto date = asctime_order(rest)) return date;
    rest = rest.subspan(1);
    if (const auto date = asctime_order(rest)) return date;
  }
  return usual_order(rest);
}

std::string print_date(DateTime date) {
  const LocalTime local = local_time(date);
  return std::string{local.weekday} + ", " +
         std::to_string(static_cast<unsigned>(local.date.day())) + " " +
         std::string{month_name(local)} + " " + padded(year_number(local), 4) + " " +
         print_clock(local) + " " + print_zone(date.offset_minutes);
}

std::optional<DateTime> parse_internal_date(std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (text.size() == 25) return parse_internal_date("0" + std::string{text});
  // dd-Mon-yyyy hh:mm:ss +zzzz
  if (text.size() != 26 || text[2] != '-' || text[6] != '-' || text[11] != ' ' || text[14] != ':' ||
      text[17] != ':' || text[20] != ' ')
    return std::nullopt;
  const auto day = number(text.substr(0, 2), 2);
  const auto month = month_of(text.substr(3, 3));
  const auto year = number(text.substr(7, 4), 4);
  const auto time = time_of(text.substr(12, 8));
  const auto offset = numeric_zone(text.substr(21));
  if (!day || !month || text::is_digit(text[3]) || !year || !time || !offset) return std::nullopt;
  if (!std::ranges::all_of(text.substr(22), text::is_digit)) return std::nullopt;
  return assemble(static_cast<int>(*year), *month, *day, *time, *offset);
}

std::string print_internal_date(DateTime date) {
  const LocalTime local = local_time(date);
  return padded(static_cast<unsigned>(local.date.day()), 2, ' ') + "-" +
         std::string{month_name(local)} + "-" + padded(year_number(local), 4) + " " +
         print_clock(local) + " " + print_zone(date.offset_minutes);
}

}  // namespace postern::mime
