#include "commands/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

const json::value* member(const json::value& value, std::string_view key) {
  const auto* const object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

const json::array& nothing() {
  static const json::array kNothing;
  return kNothing;
}

/// Columns on a terminal, near enough: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & '\xC0') != '\x80'; }));
}

void print_row(std::ostream& out, const std::vector<std::string>& row,
               const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    out << row[i];
    if (i + 1 < row.size()) out << std::string(widths[i] - width(row[i]) + 2, ' ');
  }
  out << '\n';
}

}  // namespace

std::string printable(std::string_view text) {
  auto out = text::to_valid_utf8(text);
  std::ranges::replace_if(out, text::is_control, '?');
  // C1 controls, in UTF-8: C2 80 to C2 9F.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i] == '\xC2' && static_cast<unsigned char>(out[i + 1]) < 0xA0)
      out[i] = out[i + 1] = '?';
  }
  return out;
}

void print_table(std::ostream& out, const std::vector<std::string>& titles,
                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> clean{titles};
  for (const auto& row : rows) {
    clean.emplace_back();
    for (const auto& cell : row) clean.back().push_back(printable(cell));
    clean.back().resize(titles.size());
  }
  std::vector<std::size_t> widths(titles.size());
  for (const auto& row : clean) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const auto& row : clean) print_row(out, row, widths);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text::iequals(text, "none")) return 0;
  constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 0;
  if (!text.empty() && text::is_alpha(text.back())) {
    const auto unit = kUnits.find(text::to_upper(text.back()));
    if (unit == std::string_view::npos) return std::nullopt;
    shift = 10 * (static_cast<unsigned>(unit) + 1);
    text.remove_suffix(1);
  }
  double number = 0;
  const auto* const end = std::to_address(text.end());
  const auto [stop, error] =
      std::from_chars(std::to_address(text.begin()), end, number, std::chars_format::fixed);
  if (text.empty() || error != std::errc{} || stop != end || number < 0) return std::nullopt;
  const double octets = std::ldexp(number, static_cast<int>(shift));
  constexpr double kMost = 9e18;
  if (octets > kMost) return std::nullopt;
  return static_cast<std::uint64_t>(octets);
}

std::string show_size(std::uint64_t octets) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (octets < 1024) return fmt::format("{} B", octets);
  double value = static_cast<double>(octets) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string text_of(const json::value& object, std::string_view key) {
  const auto* const found = member(object, key);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

std::uint64_t number_of(const json::value& object, std::string_view key) {
  const auto* const found = member(object, key);
  json::error_code error;
  const auto number = found == nullptr ? 0 : found->to_number<std::uint64_t>(error);
  return error ? 0 : number;
}

bool flag_of(const json::value& object, std::string_view key) {
  const auto* const found = member(object, key);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const json::array& list_of(const json::value& object, std::string_view key) {
  const auto* const found = member(object, key);
  return found == nullptr ? nothing() : list_of(*found);
}

const json::array& list_of(const json::value& value) {
  const auto* const list = value.if_array();
  return list == nullptr ? nothing() : *list;
}

}  // namespace postern::commands
