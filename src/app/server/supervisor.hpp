#pragma once

#include <string>

namespace postern::server {

/// What stays root while a server runs as the configuration's `user`: it binds, opens
/// configuration, certificates, keys and the log file and passes them on, at the start and on
/// SIGHUP; tells the service manager; stops the server on SIGTERM or SIGINT, the second time in a
/// hurry. One thread. After `hold_signals`, with a configuration that can be read. The exit status:
/// the server's, or 1 when it ended unasked.
[[nodiscard]] int supervise(const std::string& config_file);

}  // namespace postern::server
