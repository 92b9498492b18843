#pragma once

#include <cstdint>
#include <string>

namespace postern::server {

/// limits.memory, divided (ARCHITECTURE.md "Budgets"). Octets.
struct Budget {
  std::uint64_t block_cache = 0;
  std::uint64_t write_buffers = 0;
  std::uint64_t resolver = 0;
  std::uint64_t views = 0;
  std::uint64_t messages = 0;
};

/// `wanted` 0: a quarter of the machine's memory within 128 MiB and 1 GiB.
[[nodiscard]] Budget divide_memory(std::uint64_t wanted);

/// What traces may take of the disk under `directory`: `wanted`, or if that is 0 a twentieth of it,
/// at most 2 GiB.
[[nodiscard]] std::uint64_t trace_bytes(std::uint64_t wanted, const std::string& directory);

}  // namespace postern::server
