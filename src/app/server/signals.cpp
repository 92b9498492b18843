#include "server/signals.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <system_error>

#include <sys/signalfd.h>

namespace postern::server {
namespace {

sigset_t held() {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

void hold_signals() {
  const sigset_t set = held();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // NOLINTBEGIN(concurrency-mt-unsafe): no thread yet
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);  // whoever started us may have ignored it, which loses children
  // NOLINTEND(concurrency-mt-unsafe)
}

Result<Descriptor> open_signals() {
  const sigset_t set = held();
  Descriptor out{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!out) return fail(Errc::io_failed, "signalfd: " + std::generic_category().message(errno));
  return out;
}

Waiting all_signals(const Descriptor& signals) {
  Waiting out;
  std::array<signalfd_siginfo, 4> info{};
  for (;;) {
    const auto got = ::read(signals.get(), info.data(), sizeof info);
    if (got <= 0) return out;
    const auto count = static_cast<std::size_t>(got) / sizeof info.front();
    for (const auto& one : std::span{info}.first(count)) {
      const auto number = static_cast<int>(one.ssi_signo);
      out.end = out.end || number == SIGTERM || number == SIGINT;
      out.reload = out.reload || number == SIGHUP;
      out.child = out.child || number == SIGCHLD;
    }
    if (count < info.size()) return out;
  }
}

}  // namespace postern::server
