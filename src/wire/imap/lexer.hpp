#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imap/fault.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

// Tokens of RFC 9051 §9, taken off the front of one assembled command. A command's text is what
// CommandReader gives: its lines and literals as they came, so that a literal stands in it as
// `{5}` CRLF and five octets.
namespace postern::imap {

/// atom-specials of RFC 9051 §9 left out; DEL, controls and octets beyond ASCII too.
[[nodiscard]] constexpr bool is_astring_char(char c) {
  if (text::is_control(c) || text::is_8bit(c)) return false;
  return std::string_view{"(){ %*\"\\"}.find(c) == std::string_view::npos;
}
[[nodiscard]] constexpr bool is_atom_char(char c) {
  return c != ']' && is_astring_char(c);
}
[[nodiscard]] constexpr bool is_list_char(char c) {
  return c == '%' || c == '*' || is_astring_char(c);
}

/// How a line announces a literal: `{5}`, `{5+}`, `~{5}`, `~{5+}` (RFC 9051 §4.3, RFC 7888 §3, RFC
/// 3516 §4).
struct LiteralMark {
  std::uint64_t size;    ///< Saturates at 2^64-1.
  bool synchronising;    ///< The client waits for our "+".
  bool literal8;         ///< May hold NUL.
  std::size_t mark_len;  ///< Octets of the mark, `~` included.
};
/// The mark at the very end of `line` (without its CRLF), if there is one.
[[nodiscard]] std::optional<LiteralMark> literal_mark_at_end(std::string_view line);

/// A cursor over `text`, which must outlive it and every view taken from it. A failed take may
/// leave the cursor anywhere. Lenient where clients are: extra spaces count as one.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_{text} {}

  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// The next octet, or NUL at the end (NUL stands nowhere outside literals).
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool eat(char c);
  /// Takes any spaces; whether there was one.
  bool eat_spaces();
  /// Takes `word`, in any case, if it stands next and does not go on as an atom.
  bool eat_word(std::string_view word);

  [[nodiscard]] Parsed<void> expect(char c);
  [[nodiscard]] Parsed<void> space();
  /// Nothing but spaces may be left.
  [[nodiscard]] Parsed<void> end();

  [[nodiscard]] Parsed<std::string_view> atom();
  /// The longest run of letters, digits and `-_.=+` : keywords of commands and items. Never fails;
  /// may be empty.
  [[nodiscard]] std::string_view keyword();
  [[nodiscard]] Parsed<std::string> astring();
  [[nodiscard]] Parsed<std::string> string();
  [[nodiscard]] Parsed<std::optional<std::string>> nstring();
  /// list-mailbox: an astring whose bare form may hold `%` and `*`.
  [[nodiscard]] Parsed<std::string> list_mailbox();
  /// A bare word of anything but SP, controls and `"`: what people type as user and password.
  [[nodiscard]] Parsed<std::string> lenient_astring();
  /// The mark of a literal whose octets are not in the text (APPEND), with the CRLF after it.
  [[nodiscard]] Parsed<LiteralMark> streamed_literal();

  template <std::unsigned_integral T>
  [[nodiscard]] Parsed<T> number() {
    const auto digits = take_while(text::is_digit);
    if (const auto value = text::parse_number<T>(digits)) return *value;
    return bad("number expected");
  }
  template <std::unsigned_integral T>
  [[nodiscard]] Parsed<T> nz_number() {
    POSTERN_TRY(const T value, number<T>());
    if (value == 0) return bad("zero is not allowed here");
    return value;
  }

  template <class Predicate>
  std::string_view take_while(Predicate wanted) {
    std::size_t n = 0;
    while (n < rest_.size() && wanted(rest_[n])) ++n;
    return take(n);
  }

 private:
  std::string_view take(std::size_t n);
  [[nodiscard]] Parsed<std::string> quoted();
  [[nodiscard]] Parsed<std::string> literal();

  std::string_view rest_;
};

/// Calls `item(lexer)` for each element of `( ... )`, elements parted by spaces; the list may be
/// empty.
template <class Item>
[[nodiscard]] Parsed<void> for_each_in_parentheses(Lexer& in, Item item) {
  POSTERN_CHECK(in.expect('('));
  in.eat_spaces();
  while (!in.eat(')')) {
    POSTERN_CHECK(item(in));
    if (!in.eat_spaces() && in.peek() != ')') return bad("space or ')' expected");
  }
  return {};
}

}  // namespace postern::imap
