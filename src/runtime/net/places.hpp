#pragma once

#include <cstdint>
#include <memory>

#include "text/ip.hpp"

namespace postern::net {

/// How many connections at a time one peer may have: counted by its address (IPv4) or /64 (IPv6),
/// of which everybody has one at least, and by the /24 or /56 around that, of which many a peer has
/// all. Loopback is not counted. Thread-safe; its memory is bounded by the connections there are.
class Places {
 public:
  struct Limits {
    std::uint32_t per_host = 50;  ///< 0: neither limit holds.
    std::uint32_t per_net = 200;
  };
  explicit Places(Limits limits);
  ~Places();

  /// A connection begins; null when its peer has too many. Let go at its end, which may come after
  /// the end of this.
  [[nodiscard]] std::shared_ptr<void> enter(const text::IpAddress& peer);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace postern::net
