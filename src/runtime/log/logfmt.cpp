#include "log/logfmt.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace postern::log {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

bool is_bare(char c) {
  return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

bool must_escape(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  const bool separator = c == 0x2028 || c == 0x2029;
  const bool direction = (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
                         (c >= 0x2066 && c <= 0x2069) || c == 0x061c;
  return control || separator || direction;
}

void append_quoted_point(std::string& out, char32_t c) {
  switch (c) {
    case U'"':  out += "\\\""; return;
    case U'\\': out += "\\\\"; return;
    case U'\n': out += "\\n"; return;
    case U'\r': out += "\\r"; return;
    case U'\t': out += "\\t"; return;
    default:    break;
  }
  if (must_escape(c)) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
  } else {
    text::append_utf8(out, c);
  }
}

// Characters between which an address is looked for in free text.
bool ends_word(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '<' || c == '>' || c == '(' ||
         c == ')' || c == ',' || c == ';' || c == '"' || c == '\'';
}

}  // namespace

void append_value(std::string& out, std::string_view value) {
  const bool cut = value.size() > kMaxValue;
  if (cut) value = value.substr(0, kMaxValue);
  if (!cut && !value.empty() && std::ranges::all_of(value, is_bare)) {
    out += value;
    return;
  }
  out += '"';
  while (!value.empty()) {
    if (const auto point = text::take_code_point(value)) {
      append_quoted_point(out, *point);
    } else {
      text::append_utf8(out, 0xfffd);
      value.remove_prefix(1);
    }
  }
  out += cut ? "...\"" : "\"";
}

void append_field(std::string& out, const Field& field, bool addresses) {
  out += ' ';
  out += field.key();
  out += '=';
  const auto to = std::back_inserter(out);
  std::visit(Overloaded{
                 [&](std::string_view v) { append_value(out, v); },
                 [&](std::int64_t v) { fmt::format_to(to, "{}", v); },
                 [&](std::uint64_t v) { fmt::format_to(to, "{}", v); },
                 [&](double v) { fmt::format_to(to, "{}", v); },
                 [&](bool v) { out += v ? "true" : "false"; },
                 [&](Duration v) { fmt::format_to(to, "{}us", v.count()); },
                 [&](Hex v) { fmt::format_to(to, "{:016x}", v.value); },
                 [&](Address v) { append_value(out, addresses ? v.text : mask_address(v.text)); },
                 [&](Detail v) { append_value(out, addresses ? v.text : mask_addresses(v.text)); },
             },
             field.value());
}

std::string mask_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return "*";
  return "*" + std::string(address.substr(at));
}

std::string mask_addresses(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if(text, ends_word);
    const auto length = static_cast<std::size_t>(end - text.begin());
    const std::string_view word = text.substr(0, length);
    out += word.find('@') == std::string_view::npos ? std::string(word) : mask_address(word);
    if (length < text.size()) out += text[length];
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return out;
}

}  // namespace postern::log
