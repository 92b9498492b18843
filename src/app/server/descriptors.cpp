#include "server/descriptors.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postern::server {
namespace {

constexpr rlim_t kReserve = 1024;
constexpr rlim_t kEnough = 1'000'000;

}  // namespace

std::size_t connection_limit(std::int64_t wanted, std::size_t fit) {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  const rlim_t all = known ? std::min(limit.rlim_cur, kEnough) : kReserve;
  const auto most = static_cast<std::size_t>(all - std::min(all / 2, kReserve));
  return std::min(most, wanted == 0 ? fit : static_cast<std::size_t>(wanted));
}

bool fill_standard_descriptors() {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below it are open. It survives exec, as it should.
    if (::open("/dev/null", O_RDWR) != standard) return false;  // NOLINT(android-cloexec-open)
  }
  return true;
}

}  // namespace postern::server
