#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "dns/name.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"

// Where an operator, and not DNS, says mail goes.
namespace postern::route {

/// A fixed host: an address, or a name whose A and AAAA records (never MX) are used.
struct NextHop {
  std::variant<text::IpAddress, dns::Name> host;
  std::uint16_t port = 25;
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

/// Reads `192.0.2.1`, `192.0.2.1:2525`, `[2001:db8::1]:2525`, `relay.example`, `relay.example:587`.
/// Error `bad_syntax`: anything else, port 0 included.
[[nodiscard]] Result<NextHop> parse_next_hop(std::string_view text);

/// All mail for `domain` goes to `to`. What a route names may be loopback or private.
struct StaticRoute {
  /// Nothing: every destination that no other route names, address literals included.
  std::optional<dns::Name> domain;
  bool subdomains = false;  ///< Also everything below `domain`.
  NextHop to;
};

/// The route for `domain` (nothing: an address literal): the exact one, else that of the nearest
/// domain above with `subdomains`, else the one for everything. Null if there is none; borrowed
/// from `routes`.
[[nodiscard]] const StaticRoute* find_route(const std::vector<StaticRoute>& routes,
                                            const std::optional<dns::Name>& domain);

}  // namespace postern::route
