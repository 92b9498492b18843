#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "async/core.hpp"
#include "net/stream.hpp"

// Connections that exist in memory only, for tests and the simulator: the promises of Stream, kept
// in the core's own time.
namespace postern::net {

struct MemoryOptions {
  Endpoint client{text::IpAddress::v4({192, 0, 2, 1}), 40000};
  Endpoint server{text::IpAddress::v4({198, 51, 100, 1}), 25};
  std::size_t capacity =
      std::size_t{64} * 1024;  ///< Octets on their way in one direction; then `write` waits.
  bool tls_verifies = true;    ///< What the client finds out about the server's certificate.

  // A hostile or tired network.
  std::size_t max_chunk = 0;  ///< A read gives 1 to this many octets, by chance; 0: all there is.
  std::optional<std::uint64_t> cut_after;  ///< Octets carried, both ways, till the line is cut.
  Duration delay{0};                       ///< Each write's octets arrive this much later.
};

struct MemoryPair {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

/// Two ends of one connection, both on `core`. TLS is agreed on without cryptography once both
/// sides ask for it; contexts may be null. Clear text that was sent before and not read fails the
/// handshake on both sides, as it does in truth. A read's view dies with the stream's next
/// operation, so that a sanitizer sees who keeps it.
[[nodiscard]] MemoryPair make_memory_pair(Core& core, const MemoryOptions& options = {});

}  // namespace postern::net
