#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "log/log.hpp"
#include "server/landlock.hpp"
#include "server/seccomp.hpp"
#include "vocab/result.hpp"

// What a process gives up before it reads its first octet from the network.
namespace postern::server {

/// An unprivileged user and all of their groups.
struct Account {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
};
/// `bad_config`: no such user, or it is root.
[[nodiscard]] Result<Account> find_account(const std::string& name);

/// Makes the store's directory (mode 0700) when it is missing, and gives it to `owner`, if any.
/// `bad_config` with path and reason.
[[nodiscard]] Result<void> prepare_directory(const std::string& directory, const Account* owner);

/// Becomes them for good, and proves that there is no way back. `bad_config`.
[[nodiscard]] Result<void> become(const Account& account);

/// Of root's powers keeps reading and writing files that are not its own. False: refused.
[[nodiscard]] bool keep_only_file_access();

/// no_new_privs, Landlock and the system call filter. Says in the log what is in force and what
/// this kernel does not have. Before any thread is started.
void confine(const Allowed& allowed, Trade trade, const log::Logger& logger);

/// What libraries read while the server runs: trust anchors, time zones, random numbers, their own
/// parts.
[[nodiscard]] std::vector<std::string> library_files();

}  // namespace postern::server
