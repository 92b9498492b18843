#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/ip.hpp"
#include "vocab/time.hpp"

namespace postern::net {

/// How many connections at a time one peer may have: counted by its address (IPv4) or /64 (IPv6),
/// of which everybody has one at least, and by the /24 or /56 around that, of which many a peer has
/// all. Loopback is not counted. Thread-safe; its memory is bounded by the connections there are,
/// and by `kToldApart` nets that were refused.
class Places {
 public:
  struct Limits {
    std::uint32_t per_host = 50;  ///< 0: neither limit holds.
    std::uint32_t per_net = 200;
  };
  /// Nets whose refusals are counted apart between two reports, and reported by name.
  static constexpr std::size_t kToldApart = 1000;
  static constexpr std::size_t kNamed = 20;

  explicit Places(Limits limits);
  ~Places();

  /// A connection begins; null when its peer has too many, which is counted. Let go at its end,
  /// which may come after the end of this.
  [[nodiscard]] std::shared_ptr<void> enter(const text::IpAddress& peer);

  struct Refusals {
    std::string net;  ///< "192.0.2.0/24"; empty: all other nets.
    std::uint64_t times = 0;
  };
  /// Who was refused how often since the last report; most refused first. A report is due at the
  /// first refusal after a quiet minute and then once a minute: else, and when there were none,
  /// nothing. So a flood cannot fill a log. `now` does not go back.
  [[nodiscard]] std::vector<Refusals> report(Instant now);
  [[nodiscard]] std::uint64_t refused() const;  ///< So far.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace postern::net
