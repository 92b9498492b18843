#include "authres/words.hpp"

#include <algorithm>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::authres {
namespace {

constexpr std::size_t kLine = 78;  ///< RFC 5322 §2.1.1.

/// The longest prefix of at most `most` octets that splits no character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text.at(at)) & 0xc0U) == 0x80U;
  };
  std::size_t end = most;
  for (int back = 0; back < 3 && end > 0 && continues(end); ++back) --end;
  return text.substr(0, end);
}

}  // namespace

std::string clean(std::string_view text, Charset charset, std::size_t most) {
  text = cut(text, most);
  const bool keep = charset == Charset::utf8 && text::is_utf8(text);
  std::string out{text};
  std::ranges::replace_if(
      out, [&](char c) { return text::is_control(c) || (!keep && text::is_8bit(c)); }, '?');
  return out;
}

std::string quoted(std::string_view cleaned) {
  std::string out = "\"";
  for (const char c : cleaned) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string comment(std::string_view cleaned) {
  std::string out = "(";
  for (const char c : cleaned) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += c;
  }
  return out + ')';
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' || text.contains(".."))
    return false;
  return std::ranges::all_of(text, [](char c) {
    return text::is_alnum(c) || text::is_8bit(c) ||
           std::string_view{"!#$%&'*+-/=?^_`{|}~."}.contains(c);
  });
}

void Folder::add(std::string_view word) {
  if (!fresh_ && column_ + 1 + word.size() > kLine) break_line();
  if (!fresh_) {
    out_ += ' ';
    ++column_;
  }
  attach(word);
}

void Folder::attach(std::string_view text) {
  out_ += text;
  column_ += text.size();
  fresh_ = false;
}

void Folder::break_line() {
  if (fresh_) return;
  out_ += "\r\n\t";
  column_ = 8;
  fresh_ = true;
}

}  // namespace postern::authres
