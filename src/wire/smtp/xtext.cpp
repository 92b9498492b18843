#include "smtp/xtext.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::smtp {
namespace {

constexpr bool is_printable(char c) {
  return c > ' ' && c < 0x7f;
}
constexpr bool is_xchar(char c) {
  return is_printable(c) && c != '+' && c != '=';
}
constexpr bool is_qchar(char c) {
  return is_xchar(c) && c != '\\';
}

/// Takes "x{HEX}" off `text`, the part of an escape after its backslash.
std::optional<char32_t> take_escape(std::string_view& text) {
  constexpr std::size_t kMaxDigits = 6;
  if (!text.starts_with("x{")) return std::nullopt;
  const auto close = text.substr(0, 2 + kMaxDigits + 1).find('}');
  if (close == text.npos || close < 4) return std::nullopt;
  char32_t point = 0;
  for (const char c : text.substr(2, close - 2)) {
    const int value = text::hex_value(c);
    if (value < 0) return std::nullopt;
    point = point * 16 + static_cast<char32_t>(value);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < 0x20 || point == 0x7f || surrogate || point > 0x10ffff) return std::nullopt;
  text.remove_prefix(close + 1);
  return point;
}

}  // namespace

std::string to_xtext(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (const char c : octets) {
    if (is_xchar(c)) {
      out += c;
    } else {
      out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::optional<std::string> from_xtext(std::string_view xtext) {
  std::string out;
  out.reserve(xtext.size());
  while (!xtext.empty()) {
    const char c = xtext.front();
    xtext.remove_prefix(1);
    if (is_xchar(c)) {
      out += c;
      continue;
    }
    if (c != '+' || xtext.size() < 2) return std::nullopt;
    const int high = text::hex_value(xtext[0]);
    const int low = text::hex_value(xtext[1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(static_cast<unsigned char>(high * 16 + low));
    xtext.remove_prefix(2);
  }
  return out;
}

std::string to_utf8_addr_xtext(std::string_view address) {
  std::string out;
  while (!address.empty()) {
    const auto point = text::take_code_point(address);
    if (!point) {
      address.remove_prefix(1);
      out += "\\x{FFFD}";
    } else if (*point < 0x80 && is_qchar(static_cast<char>(*point))) {
      out += static_cast<char>(*point);
    } else {
      out += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(*point));
    }
  }
  return out;
}

std::optional<std::string> from_utf8_addr_xtext(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto point = text::take_code_point(text);
    if (!point) return std::nullopt;
    if (*point == U'\\') {
      point = take_escape(text);
      if (!point) return std::nullopt;
    } else if (*point < 0x80 && !is_qchar(static_cast<char>(*point))) {
      return std::nullopt;
    }
    text::append_utf8(out, *point);
  }
  return out;
}

}  // namespace postern::smtp
