#pragma once

#include <functional>
#include <ostream>
#include <string>

namespace postern::commands {

/// What the commands start and do not know: the running server. Each returns the exit status.
struct Servers {
  struct Local {
    std::string directory;
    std::string ip = "127.0.0.1";
    int port_offset = 1000;
    bool deliver_remote = false;
  };
  std::function<int(const std::string& config_file)> serve;
  std::function<int(const Local&)> localserve;
};

/// The program: does what the arguments say. Returns the exit status: 0; 1 when it was refused or
/// failed, with a sentence on `err`; 2 when the arguments make no sense.
[[nodiscard]] int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                      const Servers& servers);

}  // namespace postern::commands
