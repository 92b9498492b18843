#include "spf/macro.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::spf {
namespace {

using Token = MacroString::Token;

constexpr std::string_view kLetters = "slodiphcrvt";
constexpr std::string_view kDelimiters = ".-+,/_=";
constexpr std::size_t kMaxDomain = 253;
/// Nobody has more parts than a name has octets.
constexpr unsigned kMaxKeep = 255;

bool is_literal(char c, MacroUse use) {
  return (c >= 0x21 && c <= 0x7e) || (c == ' ' && use == MacroUse::explanation);
}

/// Takes what follows `%{`, to the brace.
Result<Token> take_macro(std::string_view& text, MacroUse use) {
  const auto brace = text.find('}');
  if (brace == std::string_view::npos || brace == 0)
    return fail(Errc::bad_syntax, "unclosed macro");
  auto body = text.substr(0, brace);
  text.remove_prefix(brace + 1);
  Token token{.letter = text::to_lower(body.front())};
  token.url_escape = token.letter != body.front();
  body.remove_prefix(1);
  if (!kLetters.contains(token.letter)) return fail(Errc::bad_syntax, "unknown macro letter");
  if (use == MacroUse::domain && std::string_view{"crt"}.contains(token.letter))
    return fail(Errc::bad_syntax, "a macro that only explanations may use");
  const auto digits = body.substr(0, std::min(body.find_first_not_of("0123456789"), body.size()));
  if (!digits.empty()) {
    // More than fits is more than there can be.
    const auto keep = text::parse_number<unsigned>(digits).value_or(kMaxKeep);
    if (keep == 0) return fail(Errc::bad_syntax, "a macro that keeps no part");
    token.keep = std::min(keep, kMaxKeep);
    body.remove_prefix(digits.size());
  }
  if (!body.empty() && text::to_lower(body.front()) == 'r') {
    token.reverse = true;
    body.remove_prefix(1);
  }
  if (body.find_first_not_of(kDelimiters) != std::string_view::npos)
    return fail(Errc::bad_syntax, "not a macro's delimiter");
  token.delimiters = body;
  return token;
}

/// `toplabel` of RFC 7208 §7.1: letters, digits and inner hyphens, not all digits.
bool is_top_label(std::string_view label) {
  const auto fits = [](char c) { return text::is_alnum(c) || c == '-'; };
  if (label.empty() || label.starts_with('-') || label.ends_with('-')) return false;
  return std::ranges::all_of(label, fits) && !std::ranges::all_of(label, text::is_digit);
}

/// Whether the literal end of a domain-spec is `"." toplabel ["."]`.
bool ends_in_top_label(std::string_view tail) {
  if (tail.ends_with('.')) tail.remove_suffix(1);
  const auto dot = tail.rfind('.');
  return dot != std::string_view::npos && is_top_label(tail.substr(dot + 1));
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (text::is_alnum(c) || std::string_view{"-._~"}.contains(c)) {
      out.push_back(c);
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex.at(octet >> 4U));
    out.push_back(kHex.at(octet & 0xfU));
  }
}

/// IPv6 as nibbles between dots, as `i` wants it (upper case, as the suite of RFC 7208 spells it).
std::string dotted(const text::IpAddress& ip) {
  if (ip.is_v4()) return ip.to_string();
  std::string out;
  for (const auto octet : ip.octets()) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    if (!out.empty()) out.push_back('.');
    out.push_back(kHex.at(octet >> 4U));
    out.push_back('.');
    out.push_back(kHex.at(octet & 0xfU));
  }
  return out;
}

std::string value_of(char letter, const MacroValues& v) {
  switch (letter) {
    case 's': return std::string{v.local_part} + "@" + std::string{v.sender_domain};
    case 'l': return std::string{v.local_part};
    case 'o': return std::string{v.sender_domain};
    case 'd': return std::string{v.domain};
    case 'i': return dotted(v.ip);
    case 'p': return std::string{v.validated};
    case 'v': return v.ip.is_v4() ? "in-addr" : "ip6";
    case 'h': return std::string{v.helo};
    case 'c': return v.ip.to_string();
    case 'r': return std::string{v.receiver};
    case 't':
      return std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(v.now.time_since_epoch()).count());
    default: return {};
  }
}

/// `value` split, turned round, cut and joined by dots, as the macro's transformers say.
std::string transformed(std::string_view value, const Token& token) {
  const std::string_view delimiters =
      token.delimiters.empty() ? std::string_view{"."} : std::string_view{token.delimiters};
  if (token.keep == 0 && !token.reverse && delimiters == ".") return std::string{value};
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = value.find_first_of(delimiters);
    parts.push_back(value.substr(0, end));
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + 1);
  }
  if (token.reverse) std::ranges::reverse(parts);
  const std::size_t skip =
      token.keep != 0 && parts.size() > token.keep ? parts.size() - token.keep : 0;
  std::string out;
  for (std::size_t i = skip; i < parts.size(); ++i) {
    if (i > skip) out.push_back('.');
    out += parts[i];
  }
  return out;
}

/// The reading of one macro string.
class Reader {
 public:
  Reader(std::string_view text, MacroUse use) : rest_{text}, use_{use} {}

  Result<std::vector<Token>> read() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '%') {
        POSTERN_CHECK(read_expansion());
      } else {
        if (!is_literal(c, use_))
          return fail(Errc::bad_syntax, "a character that must not be here");
        literal().push_back(c);
        tail_.push_back(c);
      }
    }
    const bool good_end = (tail_.empty() && !tokens_.empty()) || ends_in_top_label(tail_);
    if (use_ == MacroUse::domain && !good_end)
      return fail(Errc::bad_syntax, "the name does not end in a top-level label");
    return std::move(tokens_);
  }

 private:
  std::string& literal() {
    if (tokens_.empty() || tokens_.back().letter != 0) tokens_.emplace_back();
    return tokens_.back().literal;
  }
  /// What follows a `%`.
  Result<void> read_expansion() {
    if (rest_.empty()) return fail(Errc::bad_syntax, "a lone %");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    tail_.clear();
    switch (c) {
      case '%': literal() += "%"; return {};
      case '_': literal() += " "; return {};
      case '-': literal() += "%20"; return {};
      case '{': {
        POSTERN_TRY(auto token, take_macro(rest_, use_));
        tokens_.push_back(std::move(token));
        return {};
      }
      default: return fail(Errc::bad_syntax, "a lone %");
    }
  }

  std::string_view rest_;
  MacroUse use_;
  std::vector<Token> tokens_;
  std::string tail_;  ///< Literals since the last macro: what a domain-spec ends in.
};

}  // namespace

Result<MacroString> MacroString::parse(std::string_view text, MacroUse use) {
  MacroString out;
  POSTERN_TRY(out.tokens_, Reader(text, use).read());
  return out;
}

bool MacroString::uses(char letter) const {
  return std::ranges::any_of(tokens_, [letter](const Token& t) { return t.letter == letter; });
}

std::string expand(const MacroString& text, const MacroValues& values) {
  std::string out;
  for (const auto& token : text.tokens()) {
    if (token.letter == 0) {
      out += token.literal;
    } else {
      const auto value = transformed(value_of(token.letter, values), token);
      if (token.url_escape) {
        append_escaped(out, value);
      } else {
        out += value;
      }
    }
    if (out.size() >= kMaxExpansion) break;
  }
  if (out.size() > kMaxExpansion) out.resize(kMaxExpansion);
  return out;
}

std::string_view shortened(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  while (name.size() > kMaxDomain) {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  return name;
}

}  // namespace postern::spf
