#pragma once

#include <cstddef>
#include <cstdint>

namespace postern::server {

/// How many connections may be served at a time: each is a descriptor, and so is every file of the
/// store. `wanted` (0: as many as there can be) is held to what the process's soft limit leaves
/// beside a reserve for the store's files and for connections to other servers: half of the limit,
/// at most 1,024.
[[nodiscard]] std::size_t connection_limit(std::int64_t wanted);

}  // namespace postern::server
