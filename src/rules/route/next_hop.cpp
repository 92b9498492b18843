#include "route/next_hop.hpp"

#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::route {
namespace {

Result<std::uint16_t> parse_port(std::string_view digits) {
  const auto port = text::parse_number<std::uint16_t>(digits);
  if (!port || *port == 0) return fail(Errc::bad_syntax, "no port number");
  return *port;
}

/// `[address]` or `[address]:port`.
Result<NextHop> parse_bracketed(std::string_view text) {
  const auto close = text.find(']');
  if (close == text.npos) return fail(Errc::bad_syntax, "no closing bracket");
  const auto ip = text::IpAddress::parse(text.substr(1, close - 1));
  if (!ip) return fail(Errc::bad_syntax, "no address in the brackets");
  NextHop hop{.host = *ip};
  const auto tail = text.substr(close + 1);
  if (tail.empty()) return hop;
  if (tail[0] != ':') return fail(Errc::bad_syntax, "no port behind the brackets");
  POSTERN_TRY(hop.port, parse_port(tail.substr(1)));
  return hop;
}

bool covers(const StaticRoute& route, const dns::Name& domain) {
  return *route.domain == domain || (route.subdomains && domain.is_within(*route.domain));
}

}  // namespace

Result<NextHop> parse_next_hop(std::string_view text) {
  if (text.starts_with('[')) return parse_bracketed(text);
  if (const auto ip = text::IpAddress::parse(text)) return NextHop{.host = *ip};
  NextHop hop;
  const auto colon = text.find(':');
  if (colon != text.npos) {
    POSTERN_TRY(hop.port, parse_port(text.substr(colon + 1)));
  }
  const auto host = text.substr(0, colon);
  if (const auto ip = text::IpAddress::parse(host)) {
    hop.host = *ip;
    return hop;
  }
  POSTERN_TRY(const dns::Name name, dns::Name::parse(host));
  if (!name.is_host()) return fail(Errc::bad_syntax, "no host name");
  hop.host = name;
  return hop;
}

const StaticRoute* find_route(const std::vector<StaticRoute>& routes,
                              const std::optional<dns::Name>& domain) {
  const StaticRoute* best = nullptr;
  for (const StaticRoute& route : routes) {
    if (route.domain && (!domain || !covers(route, *domain))) continue;
    // All that cover a domain lie on one line to the root: the deepest is the nearest.
    if (!best || !best->domain || (route.domain && route.domain->depth() > best->domain->depth()))
      best = &route;
  }
  return best;
}

}  // namespace postern::route
