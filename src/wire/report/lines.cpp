#include "report/lines.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::report {
namespace {

/// Lines of `text` broken at spaces before `width`; a word that is longer stays whole.
template <class Emit>
void break_lines(std::string_view text, std::size_t first_width, std::size_t width,
                 const Emit& emit) {
  std::size_t room = first_width;
  while (text.size() > room) {
    auto space = text.rfind(' ', room);
    if (space == text.npos || space == 0) space = text.find(' ', 1);
    if (space == text.npos) break;
    emit(text.substr(0, space));
    text.remove_prefix(space + 1);
    room = width;
  }
  emit(text);
}

}  // namespace

std::string one_line(std::string_view text, bool utf8, std::size_t limit) {
  auto out = text::to_valid_utf8(text.substr(0, limit));
  std::ranges::replace_if(out, text::is_control, ' ');
  if (!utf8) std::ranges::replace_if(out, text::is_8bit, '?');
  if (out.size() > limit) {
    // Replacing made it longer; cut at a code point.
    while (limit > 0 && (static_cast<unsigned char>(out[limit]) & 0xc0U) == 0x80U) --limit;
    out.resize(limit);
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string folded(std::string_view name, std::string_view value) {
  std::string out{name};
  out += ':';
  break_lines(value, 76 - std::min<std::size_t>(name.size(), 40), 76, [&](std::string_view line) {
    if (line.find_first_not_of(' ') == line.npos) return;  // no line of white space alone
    out.append(out.ends_with('\n') || out.size() == name.size() + 1 ? " " : "\r\n ").append(line);
  });
  return out += "\r\n";
}

std::string wrapped(std::string_view text, std::string_view indent) {
  std::string out;
  const auto width = 72 - std::min<std::size_t>(indent.size(), 40);
  break_lines(text, width, width,
              [&](std::string_view line) { out.append(indent).append(line).append("\r\n"); });
  return out;
}

std::string quoted_printable(std::string_view text) {
  constexpr std::size_t kWidth = 76;
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    if (text.starts_with("\r\n")) {
      out += "\r\n";
      column = 0;
      text.remove_prefix(2);
      continue;
    }
    const char c = text.front();
    text.remove_prefix(1);
    const bool at_end = text.empty() || text.starts_with("\r\n");
    const bool plain = text::is_wsp(c) ? !at_end : c > ' ' && c < 0x7f && c != '=';
    const std::size_t width = plain ? 1 : 3;
    if (column + width > kWidth - (at_end ? 0 : 1)) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
    } else {
      out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    column += width;
  }
  return out;
}

bool has_long_line(std::string_view text) {
  constexpr std::size_t kMax = 998;
  while (text.size() > kMax) {
    const auto end = text.find("\r\n");
    if (std::min(end, text.size()) > kMax) return true;
    text.remove_prefix(end + 2);
  }
  return false;
}

}  // namespace postern::report
