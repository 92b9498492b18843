#include "smtp/reply.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxReplyLine = 512;  // with its CRLF

std::string printable(std::string_view text) {
  std::string out{text};
  std::ranges::replace_if(
      out, [](char c) { return (text::is_control(c) && c != '\t') || text::is_8bit(c); }, '?');
  return out;
}

/// The first part of `line` that fits `room`, taken off it.
std::string_view take_part(std::string_view& line, std::size_t room) {
  if (line.size() <= room) return std::exchange(line, {});
  const auto space = line.rfind(' ', room);
  const auto cut = space == line.npos || space == 0 ? room : space;
  const auto part = line.substr(0, cut);
  line.remove_prefix(cut == space ? cut + 1 : cut);
  return part;
}

}  // namespace

std::string to_wire(const Reply& reply) {
  const int code = std::clamp(reply.code, 200, 599);
  const auto status = reply.status ? to_string(*reply.status) + ' ' : std::string{};
  const auto room = kMaxReplyLine - 2 - 4 - status.size();
  std::string out;
  std::size_t last = 0;
  for (const auto raw : text::split(reply.text, '\n')) {
    const auto clean = printable(raw.ends_with('\r') ? raw.substr(0, raw.size() - 1) : raw);
    std::string_view line = clean;
    do {
      last = out.size();
      out += fmt::format("{}-{}{}\r\n", code, status, take_part(line, room));
    } while (!line.empty());
  }
  out[last + 3] = ' ';
  return out;
}

std::string to_line(const Reply& reply) {
  auto text = reply.text;
  std::ranges::replace_if(text, text::is_control, ' ');
  const auto status = reply.status ? to_string(*reply.status) + ' ' : std::string{};
  return fmt::format("{} {}{}", reply.code, status, text);
}

}  // namespace postern::smtp
