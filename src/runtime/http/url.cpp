#include "http/url.hpp"

#include <algorithm>
#include <utility>

#include "text/ascii.hpp"
#include "text/ip.hpp"
#include "vocab/try.hpp"

namespace postern::http {
namespace {

constexpr std::string_view kScheme = "https://";

std::unexpected<Error> refuse(std::string why) {
  return fail(Errc::bad_syntax, "URL: " + std::move(why));
}

/// pchar, "/" and "?" of RFC 3986 §3.3 and §3.4, percent codes apart.
bool may_stand(char c) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/?";
  return text::is_alnum(c) || kMarks.contains(c);
}

Result<std::string> read_target(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!may_stand(text[i])) return refuse("a character that must not stand in a path");
      continue;
    }
    const auto code = text.substr(i + 1, 2);
    if (code.size() < 2 || text::hex_value(code[0]) < 0 || text::hex_value(code[1]) < 0)
      return refuse("a broken percent code");
  }
  return (text.starts_with('/') ? "" : "/") + std::string{text};
}

/// "10.1", "127.0.0.1", "0x7f.1": who ends in a number is or may pass for an address.
bool ends_in_number(std::string_view host) {
  const auto last = host.substr(host.rfind('.') + 1);
  return last.empty() || text::is_digit(last.front());
}

Result<dns::Name> read_host(std::string_view text) {
  if (text.empty()) return refuse("no host");
  if (text.starts_with('[') || ends_in_number(text))
    return refuse("an address in place of a host name");
  // DNS writes any octet as \ddd; here that would hide one that was looked for above.
  if (text.contains('\\')) return refuse("no host name");
  auto name = dns::Name::parse(text);
  if (!name || !name->is_host() || text.ends_with('.')) return refuse("no host name");
  return name;
}

Result<std::uint16_t> read_port(std::string_view text) {
  const auto port = text::parse_number<std::uint16_t>(text);
  if (!port || *port == 0 || text.size() > 5) return refuse("no port number");
  return *port;
}

}  // namespace

std::string Url::authority() const {
  return host.to_string() + (port ? ':' + std::to_string(*port) : "");
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl) return refuse("longer than " + std::to_string(kMaxUrl) + " octets");
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; }))
    return refuse("a space, control or letter beyond ASCII");
  if (!text::istarts_with(text, kScheme)) return refuse("does not begin with https://");
  text.remove_prefix(kScheme.size());
  if (text.contains('#')) return refuse("a fragment");
  const auto authority = text.substr(0, text.find_first_of("/?"));
  if (authority.contains('@')) return refuse("a user name");
  const auto colon = authority.starts_with('[') ? authority.npos : authority.find(':');
  Url out;
  POSTERN_TRY(out.host, read_host(authority.substr(0, colon)));
  if (colon != authority.npos) {
    POSTERN_TRY(out.port, read_port(authority.substr(colon + 1)));
  }
  POSTERN_TRY(out.target, read_target(text.substr(authority.size())));
  return out;
}

}  // namespace postern::http
