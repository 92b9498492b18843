#include "feedback/tlsrpt_record.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";
constexpr std::size_t kMaxName = 32;

std::string_view trim_wsp(std::string_view text) {
  while (!text.empty() && text::is_wsp(text.front())) text.remove_prefix(1);
  while (!text.empty() && text::is_wsp(text.back())) text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || !text::is_alnum(name.front())) return false;
  return std::ranges::all_of(
      name, [](char c) { return text::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_value(std::string_view value) {
  return !value.empty() &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f && c != '='; });
}

/// Scheme, colon, something: RFC 3986 §3, its characters only.
bool is_uri(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == uri.npos || colon == 0 || colon + 1 == uri.size()) return false;
  const auto scheme = uri.substr(0, colon);
  const auto in_scheme = [](char c) {
    return text::is_alnum(c) || c == '+' || c == '-' || c == '.';
  };
  constexpr std::string_view kNever = "\"<>\\^`{|}!";
  return text::is_alpha(scheme.front()) && std::ranges::all_of(scheme, in_scheme) &&
         std::ranges::all_of(uri,
                             [=](char c) { return c > ' ' && c < 0x7f && !kNever.contains(c); });
}

/// The address of a mailto URI (RFC 6068 §2); nothing if it holds none that could be written to.
std::optional<std::string> address_of(std::string_view uri) {
  auto encoded = uri.substr(uri.find(':') + 1);
  encoded = encoded.substr(0, encoded.find('?'));
  std::string out;
  while (!encoded.empty()) {
    const bool coded = encoded.front() == '%';
    if (coded && encoded.size() < 3) return std::nullopt;
    const int high = coded ? text::hex_value(encoded.at(1)) : 0;
    const int low = coded ? text::hex_value(encoded.at(2)) : 0;
    if (high < 0 || low < 0) return std::nullopt;
    out += coded ? static_cast<char>(high * 16 + low) : encoded.front();
    encoded.remove_prefix(coded ? 3 : 1);
  }
  const auto at = out.rfind('@');
  const bool whole = at != out.npos && at > 0 && at + 1 < out.size();
  if (!whole || std::ranges::any_of(out, text::is_control)) return std::nullopt;
  return out;
}

Result<void> add_uris(std::string_view list, TlsRptRecord& out) {
  for (const auto piece : text::split(list, ',')) {
    const auto uri = trim_wsp(piece);
    if (!is_uri(uri)) return fail(Errc::bad_syntax, "rua: no URI: " + std::string{uri});
    auto mailto = text::istarts_with(uri, "mailto:") ? address_of(uri) : std::nullopt;
    if (out.mailto.size() + out.https.size() >= kMaxReportUris) {
      ++out.ignored;
    } else if (mailto) {
      out.mailto.push_back(*std::move(mailto));
    } else if (text::istarts_with(uri, "https://")) {
      out.https.emplace_back(uri);
    } else {
      ++out.ignored;
    }
  }
  return {};
}

}  // namespace

Result<TlsRptRecord> parse_tlsrpt_record(std::string_view txt) {
  auto fields = text::split(txt, ';');
  if (trim_wsp(fields.front()) != kVersion || txt.empty() || text::is_wsp(txt.front()))
    return fail(Errc::bad_syntax, "does not begin with v=TLSRPTv1");
  fields.erase(fields.begin());
  if (!fields.empty() && trim_wsp(fields.back()).empty()) fields.pop_back();
  TlsRptRecord out;
  bool rua = false;
  for (const auto piece : fields) {
    const auto field = trim_wsp(piece);
    const auto equals = field.find('=');
    if (equals == field.npos) return fail(Errc::bad_syntax, "no '=' in a field");
    const auto name = field.substr(0, equals);
    const auto value = field.substr(equals + 1);
    if (name == "rua") {
      rua = true;
      if (auto added = add_uris(value, out); !added) return std::unexpected(added.error());
    } else if (!is_name(name) || !is_value(value)) {
      return fail(Errc::bad_syntax, "not an extension field: " + std::string{field});
    }
  }
  if (!rua) return fail(Errc::bad_syntax, "no rua");
  return out;
}

Result<TlsRptRecord> pick_tlsrpt_record(std::span<const std::string> txts) {
  const auto is_ours = [](std::string_view txt) {
    if (!txt.starts_with(kVersion)) return false;
    return trim_wsp(txt.substr(kVersion.size())).starts_with(';');
  };
  const auto count = std::ranges::count_if(txts, is_ours);
  if (count == 0) return fail(Errc::not_found, "no TLSRPT record");
  if (count > 1) return fail(Errc::bad_syntax, "several TLSRPT records");
  return parse_tlsrpt_record(*std::ranges::find_if(txts, is_ours));
}

}  // namespace postern::feedback
