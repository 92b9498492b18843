#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace postern::server {

/// limits.memory, divided. Octets.
struct Budget {
  std::uint64_t block_cache = 0;
  std::uint64_t write_buffers = 0;
  std::uint64_t resolver = 0;
  std::uint64_t views = 0;
  std::uint64_t reports = 0;  ///< Mails with others' reports while these are read.
  std::uint64_t messages = 0;
};

/// `wanted` 0: a quarter of the machine's memory within 128 MiB and 1 GiB.
[[nodiscard]] Budget divide_memory(std::uint64_t wanted);

/// How many connections the memory is for that is set aside for them besides the above: as much
/// again as `wanted`, or if that is 0 a quarter of the machine's; at 64 KiB each, which is what one
/// over TLS comes to with its buffers while little happens on it.
[[nodiscard]] std::size_t connections_that_fit(std::uint64_t wanted);

/// What traces may take of the disk under `directory`: `wanted`, or if that is 0 a twentieth of it,
/// at most 2 GiB.
[[nodiscard]] std::uint64_t trace_bytes(std::uint64_t wanted, const std::string& directory);

}  // namespace postern::server
