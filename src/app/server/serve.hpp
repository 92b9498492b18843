#pragma once

#include <string>

// The running server, as the commands start it. Return the program's exit status: 0 after an
// orderly end, 1 after a failure that was told on standard error.
namespace postern::server {

/// `postern serve`: serves till SIGTERM. As root with a `user` in the configuration it becomes the
/// supervisor of a server that runs as that user.
[[nodiscard]] int serve(const std::string& config_file);

/// The only argument of a program that a supervisor started, which is not for people: it gets all
/// it needs over a socket at kSupervisorDescriptor, and is no more than whoever starts it.
inline constexpr const char* kSupervisedCommand = "serve-supervised";
inline constexpr int kSupervisorDescriptor = 3;
[[nodiscard]] int serve_supervised();

struct LocalOptions {
  std::string directory;
  std::string ip = "127.0.0.1";
  int port_offset = 1000;
  bool deliver_remote = false;  ///< Not only to loopback.
};

/// `postern localserve`: a whole server on loopback for trying out. Makes what is missing in
/// `directory`: a CA and certificate, the domain localhost with a catch-all, user@localhost with a
/// random password kept in credentials.txt.
[[nodiscard]] int localserve(const LocalOptions& options);

/// The configuration that localserve runs with, for commands that work on its directory.
[[nodiscard]] std::string local_config_text(const LocalOptions& options);

}  // namespace postern::server
