#include "log/log.hpp"

#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "log/logfmt.hpp"

namespace postern::log {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"trace", "debug", "info",
                                                    "warn",  "error", "off"};

void append_timestamp(std::string& out, Timestamp now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{now - day};
  fmt::format_to(std::back_inserter(out), "ts={:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z ",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                 time.seconds().count(), time.subseconds().count());
}

}  // namespace

std::string_view to_string(Level level) {
  return kNames.at(static_cast<std::size_t>(level));
}

std::optional<Level> level_from(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

Backend::Backend(Sink& sink, Options options, Now now)
    : sink_{sink},
      level_{options.level},
      addresses_{options.addresses},
      timestamps_{options.timestamps},
      now_{std::move(now)} {}

void Backend::write(Level level, std::string_view message, std::string_view context,
                    std::initializer_list<Field> fields) {
  std::string out;
  out.reserve(256);
  if (timestamps_) append_timestamp(out, now_());
  out += "level=";
  out += to_string(level);
  out += " msg=";
  append_value(out, message);
  out += context;
  for (const Field& field : fields) append_field(out, field, addresses());
  out += '\n';
  sink_.write(level, out);
}

Logger Logger::with(std::initializer_list<Field> fields) const {
  Logger more = *this;
  for (const Field& field : fields) append_field(more.context_, field, backend_->addresses());
  return more;
}

}  // namespace postern::log
