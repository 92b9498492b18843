#pragma once

#include <cstddef>
#include <cstdint>

namespace postern::server {

/// How many connections may be served at a time: each is a descriptor, and so is every file of the
/// store. `wanted` (0: `fit`, as many as there is memory for) is held to what the process's soft
/// limit leaves beside a reserve for the store's files and for connections to other servers: half
/// of the limit, at most 1,024.
[[nodiscard]] std::size_t connection_limit(std::int64_t wanted, std::size_t fit);

/// Opens /dev/null in place of those of the descriptors 0 to 2 that are closed: else a socket or a
/// file would take the number, and be sent what is meant for standard error. First thing in `main`.
/// False: it cannot be opened either.
[[nodiscard]] bool fill_standard_descriptors();

}  // namespace postern::server
