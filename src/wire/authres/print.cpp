#include <algorithm>

#include "authres/authres.hpp"
#include "authres/words.hpp"
#include "text/ascii.hpp"

namespace postern::authres {
namespace {

constexpr std::size_t kMaxValue =
    450;  ///< An address has 64 + 1 + 255 octets; escaping doubles it.
constexpr std::size_t kMaxComment = 300;  ///< So that no line comes near 998 octets.
constexpr std::size_t kMaxKeyword = 64;

/// token of RFC 2045 §5.1.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && !std::string_view{"()<>@,;:\\\"/[]?="}.contains(c);
  });
}

/// domain-name of RFC 6376 §3.5.
bool is_domain(std::string_view text) {
  if (text.empty()) return false;
  return std::ranges::all_of(text::split(text, '.'), [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(
               label, [](char c) { return text::is_alnum(c) || text::is_8bit(c) || c == '-'; });
  });
}

/// Keyword of RFC 5321 §4.1.2: letters, digits and inner hyphens.
std::string keyword(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxKeyword)) {
    if (text::is_alnum(c) || (c == '-' && !out.empty())) out += c;
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "unknown" : out;
}

std::string value(std::string_view text, Charset charset) {
  const std::string plain = clean(text, charset, kMaxValue);
  return is_token(plain) ? plain : quoted(plain);
}

/// A value, or an address: that must be written as one (RFC 8601 §2.2).
std::string pvalue(std::string_view text, Charset charset) {
  const std::string plain = clean(text, charset, kMaxValue);
  const std::string_view view = plain;
  const auto at = view.rfind('@');
  if (at == view.npos || !is_domain(view.substr(at + 1))) return value(plain, charset);
  const auto local = view.substr(0, at);
  const bool bare = local.empty() || is_dot_atom(local);
  return (bare ? std::string{local} : quoted(local)) + plain.substr(at);
}

void add(Folder& to, const Statement& statement, Charset charset) {
  std::string method = keyword(statement.method);
  if (statement.version != 1) method += "/" + std::to_string(statement.version);
  to.add(method + "=" + keyword(statement.result));
  if (!statement.comment.empty()) to.add(comment(clean(statement.comment, charset, kMaxComment)));
  if (!statement.reason.empty())
    to.add("reason=" + value(clean(statement.reason, charset, kMaxComment), charset));
  for (const Property& property : statement.properties) {
    to.add(keyword(property.type) + "." + keyword(property.name) + "=" +
           pvalue(property.value, charset));
  }
}

}  // namespace

std::string to_value(const AuthenticationResults& results, Charset charset, std::size_t column) {
  Folder out{column};
  if (results.instance) out.add("i=" + std::to_string(*results.instance) + ";");
  out.add(value(results.authserv_id, charset));
  if (results.version != 1) out.add(std::to_string(results.version));
  out.attach(";");
  if (results.statements.empty()) out.add("none");
  bool first = true;
  for (const Statement& statement : results.statements) {
    if (!first) out.attach(";");
    first = false;
    out.break_line();
    add(out, statement, charset);
  }
  return out.take();
}

std::string to_field(const AuthenticationResults& results, Charset charset) {
  constexpr std::string_view kName = "Authentication-Results: ";
  return std::string{kName} + to_value(results, charset, kName.size()) + "\r\n";
}

}  // namespace postern::authres
