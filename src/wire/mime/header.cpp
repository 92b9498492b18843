#include "mime/header.hpp"

#include <algorithm>

#include "mime/field_line.hpp"
#include "mime/lexer.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

std::size_t end_of_line(std::string_view raw, std::size_t from) {
  const std::size_t lf = raw.find('\n', from);
  return lf == raw.npos ? raw.size() : lf + 1;
}

std::size_t end_of_field(std::string_view raw, std::size_t from) {
  std::size_t end = end_of_line(raw, from);
  while (end < raw.size() && text::is_wsp(raw[end])) end = end_of_line(raw, end);
  return end;
}

}  // namespace

std::size_t field_colon(std::string_view line) {
  const std::size_t colon = line.substr(0, line.find('\n')).find(':');
  if (colon == line.npos || colon == 0 || is_blank(line.front())) return line.npos;
  return colon;
}

bool is_mbox_line(std::string_view line) {
  return line.starts_with("From ") || line.starts_with(">From ");
}

std::string_view without_line_break(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool Field::is(std::string_view wanted) const {
  return text::iequals(name, wanted);
}

Header::Iterator::Iterator(std::string_view raw) : raw_{raw}, done_{false} {
  if (is_mbox_line(raw_.substr(0, 6))) next_ = end_of_field(raw_, 0);
  ++*this;
}

Header::Iterator& Header::Iterator::operator++() {
  while (true) {
    const std::string_view rest = raw_.substr(next_);
    if (without_line_break(rest.substr(0, end_of_line(rest, 0))).empty()) break;
    const std::size_t colon = field_colon(rest.substr(0, kMaxLineHead));
    const std::size_t end = end_of_field(rest, 0);
    const std::uint64_t begin = next_;
    next_ += end;
    if (colon == rest.npos) continue;
    field_ = {.name = text::trim(rest.substr(0, colon)),
              .value = without_line_break(rest.substr(colon + 1, end - colon - 1)),
              .begin = begin,
              .value_begin = begin + colon + 1,
              .end = next_};
    return *this;
  }
  done_ = true;
  return *this;
}

std::optional<Field> Header::find(std::string_view name) const {
  for (const Field& field : *this)
    if (field.is(name)) return field;
  return std::nullopt;
}

std::size_t Header::count(std::string_view name) const {
  std::size_t found = 0;
  for (const Field& field : *this)
    if (field.is(name)) ++found;
  return found;
}

std::string unfold(std::string_view value) {
  std::string out{text::trim(value)};
  std::erase_if(out, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return std::string{text::trim(out)};
}

std::string without_comments(std::string_view value) {
  std::string out;
  Lexer lexer{value};
  lexer.skip_cfws();
  while (!lexer.done()) {
    if (lexer.peek() == '"') {
      const std::string_view before = lexer.rest();
      static_cast<void>(lexer.quoted());
      out += unfold(before.substr(0, before.size() - lexer.rest().size()));
    } else {
      out += lexer.run("\"(");
    }
    if (lexer.skip_cfws() && !lexer.done()) out += ' ';
  }
  return out;
}

std::optional<std::string> first_message_id(std::string_view value) {
  const std::string text = unfold(value);
  const std::size_t open = text.find('<');
  const std::size_t close = open == text.npos ? open : text.find('>', open);
  if (close != text.npos && close > open + 1) return text.substr(open, close - open + 1);
  if (close != text.npos) return std::nullopt;
  Lexer lexer{text};
  lexer.skip_cfws();
  const std::string_view word = lexer.run("(");
  if (word.empty()) return std::nullopt;
  return std::string{word};
}

}  // namespace postern::mime
