#include "smtp/address.hpp"

#include <algorithm>
#include <utility>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::smtp {
namespace {

constexpr bool is_atext(char c) {
  return text::is_alnum(c) || text::is_8bit(c) ||
         std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view local, bool loose_dots) {
  if (local.empty()) return false;
  const bool atoms = std::ranges::all_of(local, [](char c) { return is_atext(c) || c == '.'; });
  if (loose_dots) return atoms && local.find_first_not_of('.') != local.npos;
  return atoms && local.front() != '.' && local.back() != '.' && local.find("..") == local.npos;
}

/// UTF-8 without C1 controls; U+2028 and U+2029 break lines wherever it is shown.
bool is_utf8_local(std::string_view local) {
  while (!local.empty()) {
    const auto point = text::take_code_point(local);
    if (!point) return false;
    if ((*point >= 0x80 && *point < 0xa0) || *point == 0x2028 || *point == 0x2029) return false;
  }
  return true;
}

/// Where the quoted string that opens `text` ends (behind its quote), or npos.
std::size_t end_of_quoted(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.npos;
}

Result<std::string> unquoted(std::string_view inside) {
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\' && ++i == inside.size()) return fail(Errc::bad_syntax, "lone backslash");
    if (text::is_control(inside[i])) return fail(Errc::bad_syntax, "control in quoted string");
    out += inside[i];
  }
  return out;
}

/// Where Mailbox ends in `text`: at `stops`' first octet outside quotes, or at the end.
std::size_t end_of_mailbox(std::string_view text, std::string_view stops) {
  std::size_t from = 0;
  if (text.starts_with('"')) {
    from = end_of_quoted(text);
    if (from == text.npos) return text.npos;
  }
  return std::min(text.find_first_of(stops, from), text.size());
}

/// Drops "@a,@b:" (A-d-l).
Result<std::string_view> without_route(std::string_view path, bool utf8) {
  if (!path.starts_with('@')) return path;
  // A literal in the route may hold colons; the one that ends it is followed by the mailbox.
  while (path.starts_with('@')) {
    const auto close = path.starts_with("@[") ? path.find(']') : 0;
    if (close == path.npos) return fail(Errc::bad_syntax, "unclosed literal in route");
    const auto end = path.find_first_of(",:", close);
    if (end == path.npos) return fail(Errc::bad_syntax, "route without mailbox");
    POSTERN_CHECK(parse_domain(path.substr(1, end - 1), utf8));
    const bool last = path[end] == ':';
    path.remove_prefix(end + 1);
    if (last) return path;
  }
  return fail(Errc::bad_syntax, "bad source route");
}

/// Takes what stands between the path's brackets off `text`.
Result<std::string_view> take_inside(std::string_view& text, AddressRules rules) {
  const bool bracketed = text.starts_with('<');
  if (!bracketed && !rules.bare_brackets) return fail(Errc::bad_syntax, "path without <");
  auto inside = text.substr(bracketed ? 1 : 0);
  // A route has no quotes, so the quoted local part can only start behind it.
  std::size_t skip = 0;
  if (inside.starts_with('@')) {
    POSTERN_TRY(const auto mailbox, without_route(inside, rules.utf8));
    skip = inside.size() - mailbox.size();
  }
  const auto end = end_of_mailbox(inside.substr(skip), bracketed ? ">" : " ");
  if (end == inside.npos) return fail(Errc::bad_syntax, "unclosed quoted string");
  const auto mailbox = inside.substr(skip, end);
  auto rest = inside.substr(skip + end);
  if (bracketed) {
    if (rest.empty()) return fail(Errc::bad_syntax, "path without >");
    rest.remove_prefix(1);
  } else if (mailbox.find_first_of("<>") != mailbox.npos && !mailbox.starts_with('"')) {
    return fail(Errc::bad_syntax, "misplaced bracket");
  }
  text = rest;
  return mailbox;
}

}  // namespace

bool Address::needs_smtputf8() const {
  return !text::is_ascii(local);
}

Result<Address> parse_address(std::string_view text, AddressRules rules) {
  if (text.size() > 2 * kMaxAddress) return fail(Errc::too_large, "address too long");
  std::string local;
  std::size_t at = 0;
  if (text.starts_with('"')) {
    at = end_of_quoted(text);
    if (at == text.npos) return fail(Errc::bad_syntax, "unclosed quoted string");
    POSTERN_TRY(local, unquoted(text.substr(1, at - 2)));
  } else {
    at = std::min(text.find('@'), text.size());
    local = text.substr(0, at);
    if (!is_dot_string(local, rules.loose_dots)) return fail(Errc::bad_syntax, "bad local part");
  }
  if (at >= text.size() || text[at] != '@') return fail(Errc::bad_syntax, "address without @");
  if (!text::is_ascii(local) && !(rules.utf8 && is_utf8_local(local)))
    return fail(Errc::bad_syntax, "8-bit local part");
  if (local.size() > (rules.long_local ? kMaxAddress : kMaxLocalPart))
    return fail(Errc::too_large, "local part too long");
  POSTERN_TRY(auto domain, parse_domain(text.substr(at + 1), rules.utf8));
  Address address{std::move(local), std::move(domain)};
  if (to_string(address).size() > kMaxAddress || to_wire(address, false).size() > kMaxAddress)
    return fail(Errc::too_large, "address over 254 octets");
  return address;
}

Result<ReversePath> take_reverse_path(std::string_view& text, AddressRules rules) {
  auto rest = text;
  if (rest.starts_with("<>")) {
    text.remove_prefix(2);
    return ReversePath{};
  }
  POSTERN_TRY(const auto mailbox, take_inside(rest, rules));
  POSTERN_TRY(auto address, parse_address(mailbox, rules));
  text = rest;
  return ReversePath{std::move(address)};
}

Result<Address> take_forward_path(std::string_view& text, AddressRules rules) {
  auto rest = text;
  POSTERN_TRY(const auto mailbox, take_inside(rest, rules));
  if (text::iequals(mailbox, "postmaster")) {
    text = rest;
    return Address{std::string{mailbox}, {}};
  }
  POSTERN_TRY(auto address, parse_address(mailbox, rules));
  text = rest;
  return address;
}

std::string quoted_local(std::string_view local) {
  if (is_dot_string(local, false)) return std::string{local};
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string to_string(const Address& address) {
  if (address.is_bare_postmaster()) return address.local;
  return quoted_local(address.local) + '@' + address.domain.text;
}

std::string to_wire(const Address& address, bool smtputf8) {
  if (address.is_bare_postmaster()) return address.local;
  const bool as_written = smtputf8 || text::is_ascii(address.domain.text);
  return quoted_local(address.local) + '@' +
         (as_written ? address.domain.text : address.domain.ascii);
}

std::string to_path(const ReversePath& path, bool smtputf8) {
  return path ? '<' + to_wire(*path, smtputf8) + '>' : "<>";
}

std::string local_key(std::string_view local) {
  if (text::is_ascii(local)) return text::lower(local);
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(status);
  if (nfc == nullptr || U_FAILURE(status)) return text::lower(local);
  const auto text = icu::UnicodeString::fromUTF8(
      icu::StringPiece{local.data(), static_cast<std::int32_t>(local.size())});
  // Folding can leave a text that is not NFC, and NFC can hide what folds: both, in this order,
  // twice, is stable (the Unicode Standard, D145).
  auto folded = nfc->normalize(text, status).foldCase();
  folded = nfc->normalize(folded, status).foldCase();
  folded = nfc->normalize(folded, status);
  std::string out;
  folded.toUTF8String(out);
  return out;
}

std::string address_key(const Address& address) {
  return local_key(address.local) + '@' + address.domain.ascii;
}

}  // namespace postern::smtp
