#pragma once

#include "sim/world.hpp"

namespace postern::sim {

/// Two Posterns that send mail to each other, SMTP and IMAP clients, and a hostile network.
[[nodiscard]] Outcome run_protocol_world(const WorldOptions& options);

}  // namespace postern::sim
