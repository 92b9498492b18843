#include "feedback/xml_text.hpp"

#include <algorithm>
#include <optional>

#include "mime/charset.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::feedback {
namespace {

constexpr std::size_t kDeclaration = 200;  // octets in which an XML declaration must end

/// Octets that may stand as they are; most texts hold nothing else.
bool is_plain(char c) {
  return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
}

bool is_allowed(char32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return point != 0xFFFE && point != 0xFFFF;
}

/// The charset that the document's first octets show, with a byte order mark or without.
std::string_view charset_by_look(std::string_view bytes) {
  using namespace std::string_view_literals;
  struct Look {
    std::string_view begin;
    std::string_view charset;
  };
  static constexpr Look kLooks[] = {
      {"\xEF\xBB\xBF"sv, "utf-8"}, {"\xFF\xFE\0\0"sv, "utf-32le"}, {"\0\0\xFE\xFF"sv, "utf-32be"},
      {"\xFF\xFE"sv, "utf-16le"},  {"\xFE\xFF"sv, "utf-16be"},     {"<\0\0\0"sv, "utf-32le"},
      {"\0\0\0<"sv, "utf-32be"},   {"<\0"sv, "utf-16le"},          {"\0<"sv, "utf-16be"},
  };
  for (const auto& look : kLooks)
    if (bytes.starts_with(look.begin)) return look.charset;
  return {};
}

/// The encoding that the XML declaration names; empty if it names none.
std::string_view declared_charset(std::string_view bytes) {
  auto head = bytes.substr(0, kDeclaration);
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (!head.starts_with("<?xml")) return {};
  head = head.substr(0, head.find("?>"));
  const auto at = head.find("encoding");
  if (at == head.npos) return {};
  head.remove_prefix(at);
  const auto open = head.find_first_of("\"'");
  if (open == head.npos) return {};
  const char quote = head.at(open);
  head.remove_prefix(open + 1);
  return head.substr(0, head.find(quote));
}

std::string_view charset_of(std::string_view bytes) {
  if (const auto look = charset_by_look(bytes); !look.empty()) return look;
  const auto declared = declared_charset(bytes);
  // That the declaration could be read as ASCII proves these wrong.
  const bool wide = text::istarts_with(declared, "utf-16") ||
                    text::istarts_with(declared, "utf-32") || text::istarts_with(declared, "ucs") ||
                    text::istarts_with(declared, "iso-10646");
  return wide || text::iequals(declared, "utf-8") ? std::string_view{} : declared;
}

}  // namespace

std::string clean_xml(std::string_view text, std::size_t limit) {
  std::string out;
  out.reserve(std::min(text.size(), limit));
  while (!text.empty()) {
    const auto stop = std::ranges::find_if_not(text, is_plain);
    const auto plain = static_cast<std::size_t>(stop - text.begin());
    out += text.substr(0, std::min(plain, limit - out.size()));
    if (plain > 0 && out.size() == limit) break;
    text.remove_prefix(plain);
    if (text.empty()) break;
    auto point = text::take_code_point(text);
    if (!point) {
      text.remove_prefix(1);
      point = U'\uFFFD';
    }
    if (!is_allowed(*point)) continue;
    const auto at = out.size();
    text::append_utf8(out, *point);
    if (out.size() > limit) {
      out.resize(at);
      break;
    }
  }
  return out;
}

std::string clean_value(std::string_view text, std::size_t limit) {
  // Blanks in front do not count against the limit, nor is much more than the limit looked at.
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::string out = clean_xml(text.substr(0, 4 * limit), limit);
  std::ranges::replace_if(out, text::is_control, ' ');
  return std::string{text::trim(out)};
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':  out += "&amp;"; break;
      case '<':  out += "&lt;"; break;
      case '>':  out += "&gt;"; break;
      case '"':  out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default:   out += c;
    }
  }
}

std::string decode_xml(std::string_view bytes) {
  const auto charset = charset_of(bytes);
  if (charset.empty() && text::is_ascii(bytes)) return clean_xml(bytes);
  const std::string text = mime::to_utf8(charset, bytes);
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  std::string_view rest{text};
  if (rest.starts_with(kMark)) rest.remove_prefix(kMark.size());
  return clean_xml(rest);
}

}  // namespace postern::feedback
