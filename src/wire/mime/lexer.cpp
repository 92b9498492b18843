#include "mime/lexer.hpp"

namespace postern::mime {
namespace {

bool vanishes(char c) {
  return c == '\r' || c == '\n' || c == '\0';
}

}  // namespace

bool Lexer::skip_cfws(std::string* comment) {
  const std::size_t from = pos_;
  while (!done()) {
    if (is_blank(text_[pos_])) {
      ++pos_;
    } else if (text_[pos_] == '(') {
      skip_comment(comment);
    } else {
      break;
    }
  }
  return pos_ != from;
}

void Lexer::skip_comment(std::string* comment) {
  std::string content;
  int depth = 0;
  for (; !done(); ++pos_) {
    char c = text_[pos_];
    if (c == '(' && depth++ == 0) continue;
    if (c == ')' && --depth == 0) {
      ++pos_;
      break;
    }
    if (c == '\\' && pos_ + 1 < text_.size()) c = text_[++pos_];
    if (comment != nullptr && !vanishes(c)) content += c;
  }
  if (comment != nullptr) *comment = std::string{text::trim(content)};
}

std::string Lexer::quoted() {
  std::string content;
  for (++pos_; !done(); ++pos_) {
    char c = text_[pos_];
    if (c == '"') {
      ++pos_;
      break;
    }
    if (c == '\\' && pos_ + 1 < text_.size()) c = text_[++pos_];
    if (!vanishes(c)) content += c;
  }
  return content;
}

std::string_view Lexer::run(std::string_view stops) {
  const std::size_t from = pos_;
  while (!done() && !is_blank(text_[pos_]) && stops.find(text_[pos_]) == stops.npos) ++pos_;
  return text_.substr(from, pos_ - from);
}

}  // namespace postern::mime
