#pragma once

#include <string>
#include <string_view>

#include "text/ascii.hpp"

namespace postern::mime {

/// Walks over a structured field value (RFC 5322 §3.2). Line breaks and NUL count as blanks: a
/// value may be given folded. Each call moves forward; nothing is looked at twice. Borrows `text`.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_{text} {}

  [[nodiscard]] bool done() const { return pos_ >= text_.size(); }
  /// The octet here; NUL at the end.
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[pos_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(pos_); }
  void advance(std::size_t octets = 1) { pos_ += octets; }

  /// Passes blanks and comments; says whether there were any. The text of the last comment
  /// replaces `*comment`. A comment that is never closed ends with the value.
  bool skip_cfws(std::string* comment = nullptr);

  /// At `"`: the quoted string's content, escapes and folding undone. One that is never closed ends
  /// with the value.
  [[nodiscard]] std::string quoted();

  /// The longest run of octets that are neither blank nor in `stops`. Borrowed.
  [[nodiscard]] std::string_view run(std::string_view stops);

 private:
  void skip_comment(std::string* comment);

  std::string_view text_;
  std::size_t pos_ = 0;
};

/// SP, HTAB, and what a folded value holds besides: CR, LF; NUL too.
[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

}  // namespace postern::mime
