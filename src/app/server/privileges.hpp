#pragma once

#include <string>

#include "log/log.hpp"
#include "vocab/result.hpp"

// What the process gives up before it reads its first octet from the network.
namespace postern::server {

/// Becomes `user` for good (its own groups, setgid, setuid) when root and `user` is not empty; the
/// store directory is made and given to them first. `bad_config`: no such user.
[[nodiscard]] Result<void> drop_to_user(const std::string& user, const std::string& directory);

/// no_new_privs; Landlock: writing below `directory` only, reading what libraries and TLS files
/// need; seccomp: system calls of other trades end in EPERM. Says in the log what is in force and
/// what this kernel does not have. Before any thread is started.
void confine(const std::string& directory, const log::Logger& logger);

}  // namespace postern::server
