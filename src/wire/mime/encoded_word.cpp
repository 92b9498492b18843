#include "mime/encoded_word.hpp"

#include <algorithm>
#include <optional>

#include "mime/charset.hpp"
#include "mime/header.hpp"
#include "mime/transfer.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "text/utf8.hpp"

namespace postern::mime {
namespace {

struct Word {
  std::string_view charset;
  char encoding;  // 'b' or 'q'
  std::string_view text;
  std::size_t length;  // of the whole word
};

constexpr std::size_t kMaxCharset = 80;

// The encoded word that begins `text`. Looks no further than where it ends or where another
// begins, so that a whole value is read in linear time.
std::optional<Word> word_at(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = text.substr(0, kMaxCharset).find('?', 2);
  if (charset_end == text.npos || charset_end == 2) return std::nullopt;
  const std::size_t begin = charset_end + 3;
  if (begin > text.size() || text[begin - 1] != '?') return std::nullopt;
  const char encoding = text::to_lower(text[charset_end + 1]);
  if (encoding != 'b' && encoding != 'q') return std::nullopt;
  for (std::size_t i = begin; i + 1 < text.size(); ++i) {
    if (text[i] == '?' && text[i + 1] == '=') {
      std::string_view charset = text.substr(2, charset_end - 2);
      charset = charset.substr(0, charset.find('*'));  // RFC 2231 §5: language
      return Word{charset, encoding, text.substr(begin, i - begin), i + 2};
    }
    const bool at_end = i + 2 < text.size() && text[i + 2] == '=';
    if (text[i] == '=' && text[i + 1] == '?' && !at_end) return std::nullopt;
  }
  return std::nullopt;
}

void append_q_decoded(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_') {
      out += ' ';
    } else if (c == '=' && i + 2 < text.size() && text::hex_value(text[i + 1]) >= 0 &&
               text::hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(text::hex_value(text[i + 1]) * 16 + text::hex_value(text[i + 2]));
      i += 2;
    } else if (!text::is_wsp(c)) {  // blanks cannot belong to it: a fold within the word
      out += c;
    }
  }
}

void append_decoded(const Word& word, std::string& out) {
  if (word.encoding == 'q') {
    append_q_decoded(word.text, out);
    return;
  }
  Base64Decoder decoder;
  decoder.feed(word.text, out);
  decoder.finish(out);
}

bool is_blank_only(std::string_view text) {
  return std::ranges::all_of(text, text::is_wsp);
}

class HeaderTextDecoder {
 public:
  std::string decode(std::string_view value) {
    std::size_t plain = 0;  // where the text begins that is not yet written
    for (std::size_t at = value.find("=?"); at != value.npos;) {
      const std::optional<Word> word = word_at(value.substr(at));
      if (!word) {
        at = value.find("=?", at + 1);
        continue;
      }
      const std::string_view between = value.substr(plain, at - plain);
      if (!after_word_ || !is_blank_only(between)) take_plain(between);
      take_word(*word);
      plain = at + word->length;
      at = value.find("=?", plain);
    }
    take_plain(value.substr(plain));
    flush();
    return std::move(out_);
  }

 private:
  void take_plain(std::string_view text) {
    flush();
    out_ += to_utf8({}, text);
    after_word_ = false;
  }

  // Octets of adjacent words in one charset are put together before they become characters.
  void take_word(const Word& word) {
    if (!text::iequals(word.charset, charset_)) {
      flush();
      charset_ = word.charset;
    }
    append_decoded(word, octets_);
    after_word_ = true;
  }

  void flush() {
    if (!octets_.empty()) out_ += to_utf8(charset_, octets_);
    octets_.clear();
  }

  std::string out_;
  std::string charset_;
  std::string octets_;
  bool after_word_ = false;
};

// RFC 2047 §5 (3): what may stand for itself in a Q word wherever the word stands.
bool is_q_safe(char c) {
  return text::is_alnum(c) || std::string_view{"!*+-/"}.find(c) != std::string_view::npos;
}

std::string q_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_q_safe(c)) {
      out += c;
    } else if (c == ' ') {
      out += '_';
    } else {
      out += '=';
      out += kHex[octet >> 4U];
      out += kHex[octet & 0xfU];
    }
  }
  return out;
}

}  // namespace

std::string decode_header_text(std::string_view value) {
  return HeaderTextDecoder{}.decode(unfold(value));
}

std::string encode_words(std::string_view text, EncodeWords when, std::size_t column) {
  const bool printable =
      std::ranges::none_of(text, [](char c) { return text::is_8bit(c) || text::is_control(c); });
  if (when == EncodeWords::if_needed && printable && text.find("=?") == text.npos)
    return std::string{text};

  const std::string valid = text::to_valid_utf8(text);
  const auto safe = std::ranges::count_if(valid, [](char c) { return is_q_safe(c) || c == ' '; });
  const bool q = static_cast<std::size_t>(safe) * 3 >= valid.size() * 2;
  // 75 octets (RFC 2047 §2) less `=?UTF-8?Q?` and `?=`.
  constexpr std::size_t kRoom = 63;
  std::string out;
  for (std::string_view rest = valid; !rest.empty();) {
    std::string chunk;  // whole characters: no word may end within one (§5)
    const std::size_t free = kRoom - (out.empty() ? std::min(column, kRoom / 2) : 0);
    std::size_t room = q ? free : free / 4 * 3;
    while (!rest.empty()) {
      std::string_view after = rest;
      static_cast<void>(text::take_code_point(after));
      const std::string_view character = rest.substr(0, rest.size() - after.size());
      const std::size_t cost = q ? q_encoded(character).size() : character.size();
      if (cost > room) break;
      room -= cost;
      chunk += character;
      rest = after;
    }
    if (!out.empty()) out += ' ';
    out += q ? "=?UTF-8?Q?" + q_encoded(chunk) : "=?UTF-8?B?" + text::to_base64(chunk);
    out += "?=";
  }
  return out;
}

}  // namespace postern::mime
