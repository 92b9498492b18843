#include "route/reach.hpp"

#include <optional>

namespace postern::route {
namespace {

using text::IpAddress;

/// An address where no server can be, whatever is permitted.
bool is_nowhere(const IpAddress& ip) {
  return ip.is_unspecified() || ip.is_multicast() ||
         (ip.is_v4() && (ip.octets()[0] == 0 || ip.octets()[0] >= 240));
}

/// More that is no place on the public Internet (RFC 6890 §2.2): protocol assignments, benchmarks,
/// site-local (RFC 3879), local translation (RFC 8215) and Teredo, whose inner address is masked.
bool is_special(const IpAddress& ip) {
  if (ip.is_v4()) {
    return ip.net(24) == IpAddress::parse("192.0.0.0") ||
           ip.net(15) == IpAddress::parse("198.18.0.0");
  }
  return ip.net(10) == IpAddress::parse("fec0::") ||
         ip.net(48) == IpAddress::parse("64:ff9b:1::") || ip.net(32) == IpAddress::parse("2001::");
}

bool is_public(const IpAddress& ip) {
  return !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_special(ip));
}

/// The IPv4 address that a translator between us and `ip` would use: 64:ff9b::/96 (RFC 6052 §2.1),
/// 2002::/16 (RFC 3056 §2) and the old ::/96 (RFC 4291 §2.5.5.1).
std::optional<IpAddress> translated(const IpAddress& ip) {
  const auto o = ip.octets();
  if (ip.is_v4()) return std::nullopt;
  const auto upper = ip.net(96);
  const bool old = upper == IpAddress::parse("::") && !ip.is_unspecified() && !ip.is_loopback();
  if (old || upper == IpAddress::parse("64:ff9b::"))
    return IpAddress::v4({o[12], o[13], o[14], o[15]});
  if (ip.net(16) == IpAddress::parse("2002::")) return IpAddress::v4({o[2], o[3], o[4], o[5]});
  return std::nullopt;
}

}  // namespace

bool may_deliver_to(const IpAddress& ip, bool private_too) {
  const auto inner = translated(ip);
  if (is_nowhere(ip) || (inner && is_nowhere(*inner))) return false;
  return private_too || (is_public(ip) && (!inner || is_public(*inner)));
}

}  // namespace postern::route
