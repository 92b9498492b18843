#include "server/budget.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace postern::server {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kLeast = 64 * kMiB;
constexpr std::uint64_t kLeastByDefault = 128 * kMiB;
constexpr std::uint64_t kPerConnection = 64UL * 1024;

std::uint64_t machine_memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto size = ::sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0
             ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size)
             : 512 * kMiB;
}

}  // namespace

Budget divide_memory(std::uint64_t wanted) {
  const auto total = wanted != 0 ? std::max(wanted, kLeast)
                                 : std::clamp(machine_memory() / 4, kLeastByDefault, 1024 * kMiB);
  Budget out{.block_cache = 16 * kMiB,
             .write_buffers = 24 * kMiB,
             .resolver = 16 * kMiB,
             .views = total >= 128 * kMiB ? 56 * kMiB : total / 8,
             .reports = std::clamp(total / 16, 4 * kMiB, 16 * kMiB),
             .messages = 0};
  const auto fixed = out.block_cache + out.write_buffers + out.resolver + out.views + out.reports;
  out.messages = std::max(total > fixed ? total - fixed : 0, 8 * kMiB);
  return out;
}

std::size_t connections_that_fit(std::uint64_t wanted) {
  const auto octets =
      wanted != 0 ? std::max(wanted, kLeast) : std::max(machine_memory() / 4, kLeastByDefault);
  return octets / kPerConnection;
}

std::uint64_t trace_bytes(std::uint64_t wanted, const std::string& directory) {
  if (wanted != 0) return wanted;
  constexpr auto kMost = 2048 * kMiB;
  std::error_code unknown;
  const auto disk = std::filesystem::space(directory, unknown);
  return unknown ? kMost : std::min<std::uint64_t>(kMost, disk.capacity / 20);
}

}  // namespace postern::server
