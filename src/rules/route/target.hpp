#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "dns/answer.hpp"
#include "route/failure.hpp"
#include "route/next_hop.hpp"
#include "text/ip.hpp"

// Where mail for a domain is to be delivered: RFC 5321 §5.1 as a pure function of DNS answers.
namespace postern::route {

struct Settings {
  /// Names by which we are known in mail transactions, and addresses at which our port 25 answers:
  /// an MX that is one of them ends the list (RFC 5321 §5.1).
  std::vector<dns::Name> own_names;
  std::vector<text::IpAddress> own_addresses;
  /// Deliver to loopback, private and link-local addresses that DNS or a literal names. Off, since
  /// anybody could aim us at the machines around us. Static routes need no permission.
  bool allow_private_destinations = false;
  /// Loopback addresses alone: nothing leaves this machine (`postern localserve`).
  bool only_loopback = false;
  bool ipv4 = true;  ///< Whether this machine can send over IPv4, over IPv6.
  bool ipv6 = true;
  std::uint16_t port = 25;         ///< For all but static routes.
  std::size_t max_hosts = 8;       ///< How many exchangers are considered, best first.
  std::size_t max_addresses = 16;  ///< How many addresses of each.
  std::vector<StaticRoute> routes;
};

/// One address to try.
struct Candidate {
  /// The name to expect there, for TLS and the log: the exchanger of the MX record, the domain
  /// itself for an implicit MX, the host of a route. The root when only an address is known.
  dns::Name host;
  /// `host` after following CNAMEs: where its TLSA records may be too (RFC 7672 §2.2.2).
  dns::Name canonical;
  text::IpAddress ip;
  std::uint16_t port = 25;
  std::uint16_t preference = 0;  ///< Of the MX record; 0 for an implicit MX and for routes.
  /// DNSSEC proves the step from the domain to `host` (the MX records or their absence), or an
  /// operator's route took it.
  bool host_secure = false;
  /// DNSSEC proves the step from `host` to `ip`, or there was none.
  bool ip_secure = false;
  [[nodiscard]] bool secure() const { return host_secure && ip_secure; }
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// What to try, in this order; never empty. IPv6 and IPv4 addresses of one host alternate, so that
/// the second attempt does not depend on the family of the first.
struct Plan {
  std::vector<Candidate> candidates;
  bool by_route = false;  ///< An operator's static route decided, not DNS.
};

/// A plan, the questions to ask first, or why there is no way.
using Step = std::variant<Plan, Need, Failure>;

/// Finds the targets for `domain`, the part behind an address's last @: a name (A-labels or
/// U-labels) or an address literal in brackets (RFC 5321 §4.1.3). Call it with no answers, then
/// again with those it asked for: it asks at most twice. `seed` (random, the same for all calls
/// about one attempt) decides the order among equal preferences.
///
/// Failures: 556 5.1.10 the domain takes no mail (RFC 7505 §4.1); 550 5.1.2 no such domain, or
/// nothing that could take mail; 550 5.4.4 exchangers without a usable address; 550 5.4.6 we are
/// its best exchanger and do not know it; 451 4.4.3 DNS fails; 451 4.7.5 DNSSEC says forged;
/// 451 4.4.4 a route's host, or the only family it has, is out of our reach.
/// RFC 5321 §5.1, §5.2.
[[nodiscard]] Step locate(std::string_view domain, const Settings& settings,
                          const dns::Answers& answers, std::uint64_t seed);

}  // namespace postern::route
