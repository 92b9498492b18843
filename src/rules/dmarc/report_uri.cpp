#include "dmarc/report_uri.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::dmarc {
namespace {

constexpr std::size_t kMaxUri = 1024;
constexpr std::size_t kMaxLocal = 64;  ///< RFC 5321 §4.5.3.1.1.

/// RFC 3986 §2; `!` and `,` have to be written as octets here (RFC 9989 §4.8).
bool is_uri_character(char c) {
  return text::is_alnum(c) || std::string_view{"-._~:/?#[]@$&'()*+;=%"}.contains(c);
}

bool is_scheme(std::string_view scheme) {
  if (scheme.empty() || !text::is_alpha(scheme.front())) return false;
  return std::ranges::all_of(
      scheme, [](char c) { return text::is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

/// `%41` as the octet it stands for. Nothing: a percent sign without its two digits.
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto digits = text.substr(1, 2);
    if (digits.size() < 2) return std::nullopt;
    const int high = text::hex_value(digits.front());
    const int low = text::hex_value(digits.back());
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    text.remove_prefix(3);
  }
  return out;
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.size() > kMaxLocal || text.front() == '.' || text.back() == '.' ||
      text.contains(".."))
    return false;
  return std::ranges::all_of(text, [](char c) {
    return text::is_alnum(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~."}.contains(c);
  });
}

/// What follows `mailto:`: exactly one address; header fields are not wanted.
std::optional<ReportMailbox> parse_mailbox(std::string_view text) {
  text = text.substr(0, text.find('?'));
  const auto address = unescape(text);
  if (!address) return std::nullopt;
  const std::string_view view = *address;
  const auto at = view.rfind('@');
  if (at == view.npos || !is_dot_atom(view.substr(0, at))) return std::nullopt;
  const auto domain = dns::Name::parse(view.substr(at + 1));
  if (!domain || !domain->is_host()) return std::nullopt;
  return ReportMailbox{std::string{view.substr(0, at)}, *domain};
}

/// `10m` and the like, without the exclamation mark (RFC 9989 §4.8, obs-dmarc-report-size). What
/// does not fit is as good as no limit.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "kmgt";
  unsigned shift = 0;
  if (!text.empty() && !text::is_digit(text.back())) {
    const auto unit = kUnits.find(text::to_lower(text.back()));
    if (unit == kUnits.npos) return std::nullopt;
    shift = 10 * (static_cast<unsigned>(unit) + 1);
    text.remove_suffix(1);
  }
  if (text.empty() || !std::ranges::all_of(text, text::is_digit)) return std::nullopt;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const auto number = text::parse_number<std::uint64_t>(text);
  if (!number || *number > (kMost >> shift)) return kMost;
  return *number << shift;
}

}  // namespace

Result<ReportUri> parse_report_uri(std::string_view text) {
  text = text::trim(text);
  ReportUri out;
  if (const auto mark = text.find('!'); mark != text.npos) {
    out.max_size = parse_size(text.substr(mark + 1));
    if (!out.max_size) return fail(Errc::bad_syntax, "a '!' that begins no size");
    text = text.substr(0, mark);
  }
  const auto colon = text.find(':');
  if (text.size() > kMaxUri || colon == text.npos || colon + 1 == text.size() ||
      !is_scheme(text.substr(0, colon)) || !std::ranges::all_of(text, is_uri_character))
    return fail(Errc::bad_syntax, "not a URI");
  out.text = text;
  if (text::iequals(text.substr(0, colon), "mailto")) {
    out.mailbox = parse_mailbox(text.substr(colon + 1));
    if (!out.mailbox) return fail(Errc::bad_syntax, "mailto: without a usable address");
  }
  return out;
}

ReportUriList parse_report_uris(std::string_view value) {
  ReportUriList out;
  while (true) {
    const auto comma = value.find(',');
    auto uri = parse_report_uri(value.substr(0, comma));
    const auto known = [&](const ReportUri& other) { return other.text == uri->text; };
    if (!uri) {
      ++out.bad;
    } else if (std::ranges::none_of(out.uris, known)) {
      if (out.uris.size() == kMaxReportUris) {
        out.too_many = true;
        return out;
      }
      out.uris.push_back(*std::move(uri));
    }
    if (comma == value.npos) return out;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace postern::dmarc
