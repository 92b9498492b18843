#include "text/utf8.hpp"

#include <algorithm>

namespace postern::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Lead {
  std::size_t length = 0;  ///< 0: not a lead byte.
  char32_t bits = 0;
  char32_t least = 0;  ///< The smallest value that needs this length.
};

constexpr Lead lead_of(unsigned char c) {
  if (c < 0x80) return {1, c, 0};
  if (c >= 0xC2 && c < 0xE0) return {2, c & 0x1FU, 0x80};
  if (c >= 0xE0 && c < 0xF0) return {3, c & 0x0FU, 0x800};
  if (c >= 0xF0 && c < 0xF5) return {4, c & 0x07U, 0x10000};
  return {};
}

constexpr bool is_surrogate(char32_t point) {
  return point >= 0xD800 && point <= 0xDFFF;
}

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
  if (lead.length == 0 || text.size() < lead.length) return std::nullopt;
  char32_t point = lead.bits;
  for (const char c : text.substr(1, lead.length - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) return std::nullopt;
    point = (point << 6U) | (byte & 0x3FU);
  }
  if (point < lead.least || point > 0x10FFFF || is_surrogate(point)) return std::nullopt;
  text.remove_prefix(lead.length);
  return point;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!take_code_point(text)) return false;
  }
  return true;
}

void append_utf8(std::string& out, char32_t point) {
  if (point > 0x10FFFF || is_surrogate(point)) point = kReplacement;
  const auto tail = [&](unsigned shift) {
    out.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3FU)));
  };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0U | (point >> 6U)));
    tail(0);
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | (point >> 12U)));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0U | (point >> 18U)));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (const auto point = take_code_point(text)) {
      append_utf8(out, *point);
    } else {
      append_utf8(out, kReplacement);
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace postern::text
