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

bool is_public(const IpAddress& ip) {
  return !(ip.is_loopback() || ip.is_private() || ip.is_link_local());
}

/// The IPv4 address that a translator between us and `ip` would use: 64:ff9b::/96 (RFC 6052 §2.1)
/// and 2002::/16 (RFC 3056 §2).
std::optional<IpAddress> translated(const IpAddress& ip) {
  const auto o = ip.octets();
  if (ip.is_v4()) return std::nullopt;
  if (ip.net(96) == IpAddress::parse("64:ff9b::"))
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
