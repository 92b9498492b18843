#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "metrics/metrics.hpp"
#include "net/pace.hpp"
#include "net/places.hpp"
#include "text/ip.hpp"
#include "vocab/time.hpp"

namespace postern::smtpd {

using namespace std::chrono_literals;

/// RFC 5321 §4.5.3.2.
struct Timeouts {
  Duration command = 5min;
  Duration data_block = 3min;                                      ///< Between pieces of a message.
  net::PaceLimits pace{.grace = 5min, .rate = 256};                ///< Of one message, in all;
  net::PaceLimits scarce_pace{.grace = 10s, .rate = 16UL * 1024};  ///< while memory is scarce.
  Duration message = 2h;  ///< For one message, and for a connection without one: trickles end.
  Duration tls = 1min;
  Duration write = 5min;
};

/// What the servers remember about peers' nets (/24 and /64): unknown recipients, failed logins,
/// open connections. Thread-safe; bounded.
class Guard {
 public:
  struct Settings {
    net::Places::Limits connections;  ///< At a time.
    std::uint32_t max_unknown = 20;   ///< Unknown recipients an hour (row A4).
    std::uint32_t max_waiting = 100;  ///< Replies held back at a time; beyond that none is (A9).
    std::size_t max_nets = 100'000;   ///< Remembered; the least recently seen are forgotten.
  };
  explicit Guard(Settings settings);
  ~Guard();

  /// A connection begins; null when its peer has too many. Let go at its end, or when it has shown
  /// whose it is.
  [[nodiscard]] std::shared_ptr<void> enter(const text::IpAddress& peer) {
    return places_.enter(peer);
  }
  /// Who did not get in: for reports.
  [[nodiscard]] net::Places& places() { return places_; }
  /// An unknown recipient was named; from `max_unknown` in an hour on, `closed` holds for an hour.
  void unknown_recipient(const text::IpAddress& peer, Timestamp now);
  [[nodiscard]] bool closed(const text::IpAddress& peer, Timestamp now) const;
  /// A login failed (row A9): how long the reply should wait, at most 30 s.
  [[nodiscard]] Duration failed_login(const text::IpAddress& peer, Timestamp now);
  void good_login(const text::IpAddress& peer);
  /// To hold back a reply for as long as it lives; null when enough others do.
  [[nodiscard]] std::shared_ptr<void> wait_slot();

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< Shared with what `wait_slot` gave.
  net::Places places_;
};

struct Metrics {
  explicit Metrics(metrics::Registry& registry);
  metrics::Gauge& connections;
  metrics::Counter& accepted;
  metrics::Counter& refused;
  metrics::Counter& failed_logins;
  metrics::Counter& bytes;
  metrics::Histogram& commit_seconds;
};

}  // namespace postern::smtpd
