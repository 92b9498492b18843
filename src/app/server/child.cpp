#include "server/child.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "server/serve.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

/// The program as it was started, though a newer one may have its name by now.
constexpr const char* kThisProgram = "/proc/self/exe";
constexpr int kCannotExec = 126;

/// Ours without what systemd gave for us alone.
std::vector<char*> environment() {
  std::vector<char*> out;
  for (char** at = ::environ; *at != nullptr; ++at) {
    const std::string_view entry{*at};
    if (!entry.starts_with("LISTEN_") && !entry.starts_with("NOTIFY_SOCKET=") &&
        !entry.starts_with("WATCHDOG_"))
      out.push_back(*at);
  }
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void give_up(std::string_view why) {
  const std::string line = "postern: " + std::string{why} + '\n';
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(kCannotExec);
}

/// In the child: from root to a server of `account`, or to an end.
[[noreturn]] void turn_into_server(const Account& account, int channel, char* const* environment) {
  if (::dup2(channel, kSupervisorDescriptor) < 0 && channel != kSupervisorDescriptor)
    give_up("the server's channel cannot be passed");
  ::fcntl(kSupervisorDescriptor, F_SETFD, 0);
  ::syscall(SYS_close_range, kSupervisorDescriptor + 1, UINT_MAX, 0);
  if (const auto done = become(account); !done) give_up(done.error().detail);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("no_new_privs is not to be had");
  std::string program = "postern";
  std::string command = kSupervisedCommand;
  const std::array<char*, 3> words = {program.data(), command.data(), nullptr};
  ::execve(kThisProgram, words.data(), environment);
  give_up(std::string{"the server cannot be started as `user`: "} +
          std::generic_category().message(errno));
}

}  // namespace

Result<Child> start_server(const Account& account) {
  POSTERN_TRY(auto ends, Channel::make());
  const auto variables = environment();
  const pid_t process = ::fork();
  if (process < 0) return fail(Errc::io_failed, "fork: " + std::generic_category().message(errno));
  if (process == 0) turn_into_server(account, ends.second.descriptor(), variables.data());
  return Child{.process = process, .channel = std::move(ends.first)};
}

}  // namespace postern::server
