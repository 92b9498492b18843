#include "mime/builder.hpp"

#include <algorithm>

#include "mime/encoded_word.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"

namespace postern::mime {
namespace {

constexpr std::size_t kWantedLine = 78;    // RFC 5322 §2.1.1
constexpr std::size_t kLongestWord = 900;  // below the 998 that a line may have at all

bool is_atext(char c) {
  return text::is_alnum(c) || text::is_8bit(c) ||
         std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

std::string without_controls(std::string_view value) {
  std::string out{value};
  std::ranges::replace_if(out, text::is_control, ' ');
  return out;
}

std::string quoted(std::string_view text) {
  std::string out{"\""};
  for (const char c : text) {
    if (text::is_control(c)) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.starts_with('.') || text.ends_with('.')) return false;
  if (text.find("..") != text.npos) return false;
  return std::ranges::all_of(text, [](char c) { return is_atext(c) || c == '.'; });
}

// A display name (RFC 5322 §3.4): as it is, quoted, or in encoded words.
std::string print_phrase(std::string_view utf8) {
  const std::string name{text::trim(without_controls(utf8))};
  const std::string words = encode_words(name);
  if (words != name) return words;
  const bool plain = std::ranges::all_of(name, [](char c) { return is_atext(c) || c == ' '; });
  return plain ? name : quoted(name);
}

std::string print_group(const Group& group) {
  std::string out = print_phrase(group.name) + ":";
  for (std::size_t i = 0; i < group.members.size(); ++i)
    out += (i == 0 ? " " : ", ") + print_mailbox(group.members[i]);
  return out + ";";
}

// Appends `name: value`, broken at blanks. The blank at a break stays: it begins the next line.
void append_folded(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ':';
  std::size_t column = name.size() + 1;
  bool first = true;
  for (std::size_t at = 0; at < value.size();) {
    std::size_t end = std::min(value.find_first_not_of(' ', at), value.size());
    end = std::min(value.find(' ', end), value.size());
    std::string_view piece = value.substr(at, end - at);  // blanks and the word behind them
    at = end;
    if (piece.find_first_not_of(' ') == piece.npos) break;  // blanks at the end
    if (first) piece = piece.substr(piece.find_first_not_of(' '));
    const std::size_t length = piece.size() + (first ? 1 : 0);
    if (!first && column + length > kWantedLine) {
      out += "\r\n";
      column = 0;
    }
    if (first) out += ' ';
    out += piece;
    column += length;
    first = false;
  }
  if (first) out += ' ';
  out += "\r\n";
}

bool has_long_word(std::string_view text) {
  return std::ranges::any_of(text::split(text, ' '),
                             [](std::string_view word) { return word.size() > kLongestWord; });
}

void append_hex(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto octet = static_cast<unsigned char>(c);
  out += '=';
  out += kHex[octet >> 4U];
  out += kHex[octet & 0xfU];
}

}  // namespace

HeaderBuilder& HeaderBuilder::text(std::string_view name, std::string_view utf8) {
  const std::string clean = without_controls(utf8);
  const std::size_t column = name.size() + 2;
  std::string value = encode_words(clean, EncodeWords::if_needed, column);
  // A word that fits no line can only be carried in pieces, which encoded words are.
  if (value == clean && has_long_word(clean))
    value = encode_words(clean, EncodeWords::always, column);
  append_folded(out_, name, value);
  return *this;
}

HeaderBuilder& HeaderBuilder::raw(std::string_view name, std::string_view value) {
  append_folded(out_, name, without_controls(value));
  return *this;
}

HeaderBuilder& HeaderBuilder::addresses(std::string_view name, const AddressList& list) {
  return raw(name, print_addresses(list));
}

std::string multipart_body(std::string_view boundary, std::span<const PartSource> parts,
                           std::string_view preamble) {
  std::string out;
  if (!preamble.empty()) out.append(preamble).append("\r\n");
  for (const PartSource& part : parts) {
    out.append("--").append(boundary).append("\r\n");
    out.append(part.header).append("\r\n").append(part.body).append("\r\n");
  }
  return out.append("--").append(boundary).append("--\r\n");
}

std::string print_addr_spec(std::string_view local, std::string_view domain) {
  std::string out = is_dot_atom(local) ? std::string{local} : quoted(local);
  if (domain.empty()) return out;
  out += '@';
  for (const char c : domain)
    if (!text::is_control(c) && !text::is_wsp(c)) out += c;
  return out;
}

std::string print_mailbox(const Mailbox& mailbox) {
  std::string spec;
  if (!mailbox.local.empty() || !mailbox.domain.empty())
    spec = print_addr_spec(mailbox.local, mailbox.domain);
  if (mailbox.name.empty() && !spec.empty()) return spec;
  return print_phrase(mailbox.name) + " <" + spec + ">";
}

std::string print_addresses(const AddressList& list) {
  std::string out;
  for (const Address& address : list) {
    if (!out.empty()) out += ", ";
    const auto* mailbox = std::get_if<Mailbox>(&address);
    out += mailbox != nullptr ? print_mailbox(*mailbox) : print_group(std::get<Group>(address));
  }
  return out;
}

std::string make_message_id(std::string_view unique, std::string_view domain) {
  return "<" + std::string{unique} + "@" + std::string{domain} + ">";
}

std::string to_quoted_printable(std::string_view text) {
  constexpr std::size_t kLine = 75;  // and the `=` of a soft break
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool crlf = c == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (crlf || c == '\n') {
      out += "\r\n";
      column = 0;
      i += crlf ? 1 : 0;
      continue;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : '\n';
    const bool blank_at_end = text::is_wsp(c) && (next == '\r' || next == '\n');
    // A dot or "From " at a line's beginning is altered on the way by some.
    const bool risky = column == 0 && (c == '.' || c == 'F');
    const bool literal = !text::is_8bit(c) && (!text::is_control(c) || c == '\t') && c != '=' &&
                         !blank_at_end && !risky;
    const std::size_t width = literal ? 1 : 3;
    if (column + width > kLine) {
      out += "=\r\n";
      column = 0;
    }
    if (literal)
      out += c;
    else
      append_hex(out, c);
    column += width;
  }
  return out;
}

std::string to_base64_lines(std::string_view bytes) {
  constexpr std::size_t kOctets = 57;  // 76 characters
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kOctets)
    out.append(text::to_base64(bytes.substr(at, kOctets))).append("\r\n");
  return out;
}

}  // namespace postern::mime
