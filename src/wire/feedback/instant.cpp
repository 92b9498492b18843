#include "feedback/instant.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

/// Takes exactly `digits` off `text` and what stands behind them, one of `stops` (any, if empty).
std::optional<unsigned> take(std::string_view& text, std::size_t digits, std::string_view stops) {
  const auto value = text::parse_number<unsigned>(text.substr(0, digits));
  if (!value || text.size() < digits) return std::nullopt;
  text.remove_prefix(digits);
  if (stops.empty()) return value;
  if (text.empty() || !stops.contains(text.front())) return std::nullopt;
  text.remove_prefix(1);
  return value;
}

std::optional<std::chrono::seconds> take_offset(std::string_view text) {
  if (text::iequals(text, "z")) return std::chrono::seconds{0};
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hour = take(text, 2, ":");
  const auto minute = take(text, 2, {});
  if (!hour || !minute || *hour > 23 || *minute > 59 || !text.empty()) return std::nullopt;
  return sign * (std::chrono::hours{*hour} + std::chrono::minutes{*minute});
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_instant(std::string_view text) {
  text = text::trim(text);
  const auto year = take(text, 4, "-");
  const auto month = take(text, 2, "-");
  const auto day = take(text, 2, "Tt ");
  const auto hour = take(text, 2, ":");
  const auto minute = take(text, 2, ":");
  const auto second = take(text, 2, {});
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  }
  const auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} - *offset;
}

std::string print_instant(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace postern::feedback
