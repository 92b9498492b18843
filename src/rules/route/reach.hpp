#pragma once

#include "text/ip.hpp"

namespace postern::route {

/// Whether mail may be sent to `ip` when DNS or an address literal names it. Loopback, private and
/// link-local addresses only with `private_too`; unspecified, multicast and reserved ones never. An
/// IPv6 address that stands for an IPv4 one is judged by both.
[[nodiscard]] bool may_deliver_to(const text::IpAddress& ip, bool private_too);

}  // namespace postern::route
