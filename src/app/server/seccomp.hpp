#pragma once

#include <cstdint>

namespace postern::server {

enum class Trade : std::uint8_t {
  server,      ///< Everything but the system calls of other trades.
  supervisor,  ///< Nor anything of the network: its sockets are open.
};

/// From now on the system calls that this trade never needs end in EPERM, in all threads. False:
/// the kernel has no filters. Needs no_new_privs.
[[nodiscard]] bool seccomp(Trade trade);

}  // namespace postern::server
