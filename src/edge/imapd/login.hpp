#pragma once

#include "imapd/connection.hpp"
#include "sasl/mechanism.hpp"

namespace postern::imapd {

/// What SASL may rely on: TLS, and what of it can be bound to (RFC 9266).
[[nodiscard]] sasl::Channel channel_of(const Connection& c);

}  // namespace postern::imapd
