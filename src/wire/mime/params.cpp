#include "mime/params.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "mime/charset.hpp"
#include "mime/lexer.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

// One `name=value` as written: `name`, `name*`, `name*0` or `name*0*`.
struct Piece {
  std::string name;
  std::optional<std::uint32_t> section;
  bool extended = false;
  std::string value;
};

// Pieces of one name, by the form they came in; the first of each counts.
struct Forms {
  std::optional<std::string> plain;
  std::optional<std::string> extended;
  std::map<std::uint32_t, Piece> sections;
};

constexpr std::string_view kNameStops = "=;(\"";

// Whether `text`, which follows a blank, begins another parameter: a semicolon was forgotten.
bool begins_param(std::string_view text) {
  Lexer lexer{text.substr(0, 100)};
  const std::string_view name = lexer.run("=;(\"<>@,/?");
  return !name.empty() && lexer.peek() == '=';
}

// An unquoted value: to the semicolon, a line break, or what begins another parameter. It may hold
// blanks, since file names are written so.
std::string unquoted(Lexer& lexer) {
  std::string value;
  while (!lexer.done()) {
    value += lexer.run(";(");
    const std::string_view before = lexer.rest();
    if (!lexer.skip_cfws()) break;
    const std::string_view skipped = before.substr(0, before.size() - lexer.rest().size());
    if (lexer.done() || lexer.peek() == ';') break;
    if (skipped.find('\n') != skipped.npos || begins_param(lexer.rest())) break;
    value += ' ';
  }
  return value;
}

std::string main_value(Lexer& lexer) {
  std::string value;
  lexer.skip_cfws();
  while (!lexer.done() && lexer.peek() != ';') {
    value += lexer.run(";(");
    lexer.skip_cfws();
    if (!value.ends_with('/') && lexer.peek() != '/') break;
  }
  return value;
}

Piece name_piece(std::string_view written) {
  Piece piece;
  std::string_view name = written;
  if (name.ends_with('*')) {
    piece.extended = true;
    name.remove_suffix(1);
  }
  const std::size_t star = name.rfind('*');
  if (star != name.npos && star > 0) {
    piece.section = text::parse_number<std::uint32_t>(name.substr(star + 1));
    if (piece.section) name = name.substr(0, star);
  }
  piece.name = text::lower(name);
  return piece;
}

// The next parameter, or nothing when junk was passed over instead. Always moves forward.
std::optional<Piece> next_piece(Lexer& lexer) {
  const std::string_view written = lexer.run(kNameStops);
  lexer.skip_cfws();
  if (lexer.peek() != '=') {
    if (written.empty() && !lexer.done()) lexer.advance();
    return std::nullopt;
  }
  lexer.advance();
  lexer.skip_cfws();
  const bool quoted = lexer.peek() == '"';
  Piece piece = name_piece(written);
  piece.value = quoted ? lexer.quoted() : unquoted(lexer);
  if (piece.name.empty() || (piece.value.empty() && !quoted)) return std::nullopt;
  return piece;
}

void append_percent_decoded(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size() || text::hex_value(text[i + 1]) < 0 ||
        text::hex_value(text[i + 2]) < 0) {
      out += text[i];
      continue;
    }
    const int octet = text::hex_value(text[i + 1]) * 16 + text::hex_value(text[i + 2]);
    const bool breaks = octet == 0 || octet == '\r' || octet == '\n';
    out += breaks ? ' ' : static_cast<char>(octet);
    i += 2;
  }
}

// Takes `charset'language'` off an extended value; returns the charset, empty if it is not there.
std::string take_charset(std::string_view& value) {
  const std::size_t first = value.find('\'');
  const std::size_t second = first == value.npos ? first : value.find('\'', first + 1);
  if (second == value.npos) {
    // Some write one quote only: charset'value.
    if (first == value.npos || first == 0 || !is_known_charset(value.substr(0, first))) return {};
    std::string charset{value.substr(0, first)};
    value.remove_prefix(first + 1);
    return charset;
  }
  std::string charset{value.substr(0, first)};
  value.remove_prefix(second + 1);
  return charset;
}

std::string decode_extended(std::string_view value) {
  const std::string charset = take_charset(value);
  std::string octets;
  append_percent_decoded(octets, value);
  return to_utf8(charset, octets);
}

std::string join_sections(const std::map<std::uint32_t, Piece>& sections) {
  std::string octets;
  std::string charset;
  bool extended = false;
  bool first = true;
  for (const auto& [number, piece] : sections) {
    std::string_view value = piece.value;
    if (first && piece.extended) charset = take_charset(value);
    first = false;
    extended = extended || piece.extended;
    if (piece.extended)
      append_percent_decoded(octets, value);
    else
      octets += value;
  }
  return extended ? to_utf8(charset, octets) : octets;
}

std::string value_of(const Forms& forms) {
  if (forms.extended) return decode_extended(*forms.extended);
  if (!forms.sections.empty()) return join_sections(forms.sections);
  return forms.plain.value_or(std::string{});
}

void file_piece(Forms& forms, Piece piece) {
  if (piece.section) {
    const std::uint32_t section = *piece.section;
    forms.sections.try_emplace(section, std::move(piece));
  } else if (piece.extended) {
    if (!forms.extended) forms.extended = std::move(piece.value);
  } else if (!forms.plain) {
    forms.plain = std::move(piece.value);
  }
}

}  // namespace

const std::string* ParamField::find(std::string_view name) const {
  const auto at = std::ranges::find(params, name, &Param::name);
  return at == params.end() ? nullptr : &at->value;
}

ParamField parse_params(std::string_view value) {
  ParamField field;
  Lexer lexer{value};
  field.value = main_value(lexer);

  std::map<std::string, Forms, std::less<>> by_name;
  std::vector<std::string> order;
  for (std::size_t pieces = 0; pieces < kMaxParamPieces;) {
    while (lexer.skip_cfws() || lexer.peek() == ';')
      if (lexer.peek() == ';') lexer.advance();
    if (lexer.done()) break;
    std::optional<Piece> piece = next_piece(lexer);
    if (!piece) continue;
    ++pieces;
    auto at = by_name.find(piece->name);
    if (at == by_name.end()) {
      if (order.size() == kMaxParams) continue;
      order.push_back(piece->name);
      at = by_name.try_emplace(piece->name).first;
    }
    file_piece(at->second, *std::move(piece));
  }
  for (std::string& name : order) {
    std::string joined = value_of(by_name.find(name)->second);
    field.params.push_back({.name = std::move(name), .value = std::move(joined)});
  }
  return field;
}

}  // namespace postern::mime
