#include "smtp/domain.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <idn2.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"
#include "vocab/try.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxLabel = 63;

struct Idn2Free {
  void operator()(char* text) const { idn2_free(text); }
};
using Idn2Text = std::unique_ptr<char, Idn2Free>;

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!text::is_alnum(c) && c != '-') return false;
  }
  return true;
}

Result<std::string> to_ascii(std::string_view name) {
  // libidn2 takes C text; a NUL would silently cut it.
  if (name.find('\0') != name.npos || !text::is_utf8(name))
    return fail(Errc::bad_syntax, "domain is not UTF-8");
  char* raw = nullptr;
  // Not IDN2_USE_STD3_ASCII_RULES: it drops the octets it dislikes ("a＠b" would become "ab").
  // parse_domain looks at every octet of what comes out.
  const int rc =
      idn2_to_ascii_8z(std::string{name}.c_str(), &raw, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Idn2Text owned{raw};
  if (rc != IDN2_OK || !owned) return fail(Errc::bad_syntax, "domain is not IDNA");
  return std::string{owned.get()};
}

Result<Domain> parse_literal(std::string_view text) {
  if (text.size() < 2 || text.back() != ']') return fail(Errc::bad_syntax, "unclosed literal");
  constexpr std::string_view kTag = "IPv6:";
  auto inner = text.substr(1, text.size() - 2);
  const bool tagged = text::istarts_with(inner, kTag);
  if (tagged) inner.remove_prefix(kTag.size());
  const auto ip = text::IpAddress::parse(inner);
  const bool colons = inner.find(':') != inner.npos;
  if (!ip || colons != tagged) return fail(Errc::bad_syntax, "unknown address literal");
  return Domain{std::string{text}, fmt::format("[{}{}]", ip->is_v6() ? kTag : "", ip->to_string()),
                ip};
}

}  // namespace

Result<Domain> parse_domain(std::string_view text, bool utf8) {
  if (text.size() > kMaxDomain) return fail(Errc::too_large, "domain over 255 octets");
  if (text.starts_with('[')) return parse_literal(text);
  std::string ascii;
  if (text::is_ascii(text)) {
    ascii = text::lower(text);
  } else {
    if (!utf8) return fail(Errc::bad_syntax, "8-bit domain without SMTPUTF8");
    POSTERN_TRY(ascii, to_ascii(text));
  }
  if (ascii.size() > kMaxDomain) return fail(Errc::too_large, "domain over 255 octets");
  for (const auto label : text::split(ascii, '.')) {
    if (!is_label(label)) return fail(Errc::bad_syntax, "bad label in domain");
  }
  return Domain{std::string{text}, std::move(ascii)};
}

std::string to_unicode(const Domain& domain) {
  if (domain.literal || domain.ascii.find("xn--") == domain.ascii.npos) return domain.ascii;
  char* raw = nullptr;
  const int rc = idn2_to_unicode_8z8z(domain.ascii.c_str(), &raw, IDN2_NONTRANSITIONAL);
  const Idn2Text owned{raw};
  return rc == IDN2_OK && owned ? std::string{owned.get()} : domain.ascii;
}

}  // namespace postern::smtp
