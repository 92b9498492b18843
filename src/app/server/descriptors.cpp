#include "server/descriptors.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace postern::server {
namespace {

constexpr rlim_t kReserve = 1024;
constexpr rlim_t kEnough = 1'000'000;

}  // namespace

std::size_t connection_limit(std::int64_t wanted) {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  const rlim_t all = known ? std::min(limit.rlim_cur, kEnough) : kReserve;
  const auto most = static_cast<std::size_t>(all - std::min(all / 2, kReserve));
  return wanted == 0 ? most : std::min(most, static_cast<std::size_t>(wanted));
}

}  // namespace postern::server
