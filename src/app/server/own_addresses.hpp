#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/stream.hpp"
#include "text/ip.hpp"

// Where others reach this server, so that mail is not sent to ourselves (row D5).
namespace postern::server {

/// The addresses of this machine's interfaces. None when the system does not tell.
[[nodiscard]] std::vector<text::IpAddress> machine_addresses();

/// Those at which mail for `port` arrives here: what `smtp` names, and for a wildcard all of its
/// family in `machine`. Never loopback: nobody's MX, but where tests keep the other server.
[[nodiscard]] std::vector<text::IpAddress> own_addresses(std::span<const net::Endpoint> smtp,
                                                         std::uint16_t port,
                                                         std::span<const text::IpAddress> machine);

}  // namespace postern::server
