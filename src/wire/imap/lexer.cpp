#include "imap/lexer.hpp"

#include <algorithm>
#include <limits>

namespace postern::imap {
namespace {

constexpr bool is_keyword_char(char c) {
  return text::is_alnum(c) || std::string_view{"-_.=+"}.find(c) != std::string_view::npos;
}

constexpr bool is_lenient_char(char c) {
  return c != ' ' && c != '"' && !text::is_control(c);
}

}  // namespace

std::optional<LiteralMark> literal_mark_at_end(std::string_view line) {
  const auto whole = line.size();
  if (!line.ends_with('}')) return std::nullopt;
  line.remove_suffix(1);
  const bool synchronising = !line.ends_with('+');
  if (!synchronising) line.remove_suffix(1);
  const auto brace = line.rfind('{');
  if (brace == std::string_view::npos) return std::nullopt;
  const auto digits = line.substr(brace + 1);
  if (digits.empty() || !std::ranges::all_of(digits, text::is_digit)) return std::nullopt;
  const bool literal8 = brace > 0 && line[brace - 1] == '~';
  return LiteralMark{
      text::parse_number<std::uint64_t>(digits).value_or(std::numeric_limits<std::uint64_t>::max()),
      synchronising, literal8, whole - brace + (literal8 ? 1U : 0U)};
}

std::string_view Lexer::take(std::size_t n) {
  const auto taken = rest_.substr(0, n);
  rest_.remove_prefix(taken.size());
  return taken;
}

bool Lexer::eat(char c) {
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

bool Lexer::eat_spaces() {
  return !take_while([](char c) { return c == ' '; }).empty();
}

bool Lexer::eat_word(std::string_view word) {
  if (!text::istarts_with(rest_, word)) return false;
  const auto after = rest_.substr(word.size());
  if (!after.empty() && is_keyword_char(after.front())) return false;
  rest_ = after;
  return true;
}

Parsed<void> Lexer::expect(char c) {
  if (eat(c)) return {};
  if (c == '(') return bad("'(' expected");
  if (c == ')') return bad("')' expected");
  return bad("syntax error");
}

Parsed<void> Lexer::space() {
  if (eat_spaces()) return {};
  return at_end() ? bad("missing argument") : bad("space expected");
}

Parsed<void> Lexer::end() {
  eat_spaces();
  if (!at_end()) return bad("unexpected text after the command");
  return {};
}

Parsed<std::string_view> Lexer::atom() {
  const auto word = take_while(is_atom_char);
  if (word.empty()) return bad("atom expected");
  return word;
}

std::string_view Lexer::keyword() {
  return take_while(is_keyword_char);
}

Parsed<std::string> Lexer::quoted() {
  std::string out;
  eat('"');
  while (true) {
    out += take_while([](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n' && c; });
    if (eat('"')) return out;
    // Only \" and \\ are in the grammar; a stray escape is taken for the octet after it.
    if (!eat('\\')) return bad("quoted string without end");
    const char c = peek();
    if (c == '\r' || c == '\n' || c == '\0') return bad("quoted string without end");
    out += take(1);
  }
}

Parsed<LiteralMark> Lexer::streamed_literal() {
  const auto eol = rest_.find("\r\n");
  const auto line = rest_.substr(0, eol);
  const auto mark = literal_mark_at_end(line);
  if (eol == std::string_view::npos || !mark || mark->mark_len != line.size())
    return bad("literal expected");
  take(eol + 2);
  return *mark;
}

Parsed<std::string> Lexer::literal() {
  POSTERN_TRY(const auto mark, streamed_literal());
  if (mark.size > rest_.size()) return bad("literal cut short");
  std::string out{take(static_cast<std::size_t>(mark.size))};
  if (!mark.literal8 && out.find('\0') != std::string::npos) return bad("NUL in a literal");
  return out;
}

Parsed<std::string> Lexer::string() {
  if (peek() == '"') return quoted();
  if (peek() == '{' || peek() == '~') return literal();
  return bad("string expected");
}

Parsed<std::string> Lexer::astring() {
  // `~` begins an atom as well as a literal8.
  if (peek() == '"' || peek() == '{' || rest_.starts_with("~{")) return string();
  const auto word = take_while(is_astring_char);
  if (word.empty()) return bad("string or atom expected");
  return std::string{word};
}

Parsed<std::optional<std::string>> Lexer::nstring() {
  if (eat_word("NIL")) return std::nullopt;
  POSTERN_TRY(auto value, string());
  return value;
}

Parsed<std::string> Lexer::list_mailbox() {
  if (peek() == '"' || peek() == '{') return string();
  const auto word = take_while(is_list_char);
  if (word.empty()) return bad("mailbox pattern expected");
  return std::string{word};
}

Parsed<std::string> Lexer::lenient_astring() {
  if (peek() == '"' || peek() == '{') return string();
  const auto word = take_while(is_lenient_char);
  if (word.empty()) return bad("string or atom expected");
  return std::string{word};
}

}  // namespace postern::imap
