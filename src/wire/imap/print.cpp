#include "imap/print.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "imap/lexer.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::imap {
namespace {

/// Longer texts go as literals: some clients read quoted strings into fixed buffers.
constexpr std::size_t kMaxQuoted = 1000;

bool fits_quotes(std::string_view text, NameForm form) {
  if (text.size() > kMaxQuoted) return false;
  if (text.find_first_of("\r\n") != std::string_view::npos) return false;
  return text::is_ascii(text) || (form == NameForm::utf8 && text::is_utf8(text));
}

void append_without_nul(std::string& out, std::string_view text) {
  const auto begin = out.size();
  out += text;
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '\0', '?');
}

void append_line_text(std::string& out, std::string_view text) {
  for (const char c : text) out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
}

constexpr std::string_view to_word(Status status) {
  switch (status) {
    case Status::ok:      return "OK";
    case Status::no:      return "NO";
    case Status::bad:     return "BAD";
    case Status::bye:     return "BYE";
    case Status::preauth: return "PREAUTH";
  }
  return "BAD";
}

}  // namespace

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_string(std::string& out, std::string_view text, NameForm form) {
  if (!fits_quotes(text, form)) {
    append_literal_mark(out, text.size());
    append_without_nul(out, text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c == '\0' ? '?' : c);
  }
  out.push_back('"');
}

void append_nstring(std::string& out, const std::optional<std::string>& text, NameForm form) {
  if (text) {
    append_string(out, *text, form);
  } else {
    out += "NIL";
  }
}

void append_astring(std::string& out, std::string_view text, NameForm form) {
  const bool bare = !text.empty() && !text::iequals(text, "NIL") && text.size() <= kMaxQuoted &&
                    std::ranges::all_of(text, is_astring_char);
  if (bare) {
    out += text;
  } else {
    append_string(out, text, form);
  }
}

void append_mailbox(std::string& out, std::string_view name, NameForm form) {
  if (form == NameForm::utf8) {
    append_astring(out, name, form);
  } else {
    append_astring(out, to_mutf7(name), form);
  }
}

void append_literal_mark(std::string& out, std::uint64_t octets) {
  out.push_back('{');
  append_number(out, octets);
  out += "}\r\n";
}

void append_literal8_mark(std::string& out, std::uint64_t octets) {
  out.push_back('~');
  append_literal_mark(out, octets);
}

void append_flag_list(std::string& out, std::span<const std::string> flags) {
  out.push_back('(');
  for (const auto& flag : flags) {
    if (out.back() != '(') out.push_back(' ');
    out += flag;
  }
  out.push_back(')');
}

void append_status_response(std::string& out, std::string_view tag, Status status,
                            std::string_view code, std::string_view text) {
  out += tag;
  out.push_back(' ');
  out += to_word(status);
  out.push_back(' ');
  if (!code.empty()) {
    out.push_back('[');
    append_line_text(out, code);
    out += "] ";
  }
  append_line_text(out, text);
  out += "\r\n";
}

void append_refusal(std::string& out, const Refusal& refusal) {
  const auto& [status, code, text] = refusal.fault;
  append_status_response(out, refusal.tag, status, code, text);
}

void append_continuation(std::string& out, std::string_view text) {
  out += "+ ";
  append_line_text(out, text);
  out += "\r\n";
}

void append_untagged(std::string& out, std::string_view text) {
  out += "* ";
  append_line_text(out, text);
  out += "\r\n";
}

void append_count(std::string& out, std::uint32_t number, std::string_view word) {
  out += "* ";
  append_number(out, number);
  out.push_back(' ');
  out += word;
  out += "\r\n";
}

}  // namespace postern::imap
