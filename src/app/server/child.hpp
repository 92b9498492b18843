#pragma once

#include <sys/types.h>

#include "server/channel.hpp"
#include "server/privileges.hpp"
#include "vocab/result.hpp"

namespace postern::server {

/// A server process, before or after its end.
struct Child {
  pid_t process = -1;
  Channel channel;  ///< Our end.
};

/// Starts this same program as `account`, with nothing but standard error and the channel's other
/// end at kSupervisorDescriptor (standard input and output as ours). `io_failed`.
[[nodiscard]] Result<Child> start_server(const Account& account);

}  // namespace postern::server
