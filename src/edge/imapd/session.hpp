#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/core.hpp"
#include "async/task.hpp"
#include "directory/directory.hpp"
#include "imapd/account_places.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "vocab/time.hpp"

// The IMAP server (RFC 9051, RFC 3501): one coroutine per connection. Parses with wire/imap, works
// on the AccountSession that a login gives, shows immutable views.
namespace postern::imapd {

/// A constant snapshot; a session keeps the one it began with.
struct Settings {
  bool implicit_tls = false;  ///< 993: the handshake comes first.
  std::string hostname;
  std::shared_ptr<const net::TlsContext> tls;             ///< Null: no STARTTLS, and no login.
  std::uint64_t max_message = std::uint64_t{100} << 20U;  ///< APPENDLIMIT (RFC 7889).
  std::uint32_t account_connections = 100;                ///< Logged in to one; 0: no limit.
  Duration login_limit = std::chrono::minutes{1};         ///< To log in.
  Duration idle_limit = std::chrono::minutes{30};         ///< RFC 9051 §5.4
  Duration write_limit = std::chrono::minutes{5};
};

struct Metrics {
  explicit Metrics(metrics::Registry& registry);
  metrics::Gauge& connections;
  metrics::Counter& logins;
  metrics::Counter& failed_logins;
  metrics::Gauge& delayed_logins;
  metrics::Counter& commands;
};

/// What strangers may do. How long the answer to a failed login waits is shared with submission
/// (row A9).
class LoginGuard {
 public:
  virtual ~LoginGuard() = default;
  /// A connection begins; null when its peer has too many that are not logged in. Let go at its
  /// login or end. This one refuses nobody.
  [[nodiscard]] virtual std::shared_ptr<void> enter(const text::IpAddress& /*peer*/) {
    return std::make_shared<char>();
  }
  [[nodiscard]] virtual Duration failed(const text::IpAddress& peer) = 0;
  virtual void good(const text::IpAddress& peer) = 0;
};

/// What sessions use; all of it outlives them.
struct Services {
  directory::Directory& directory;
  LoginGuard& guard;
  AccountPlaces& places;
  Metrics& metrics;
  log::Logger logger;
};

/// One connection to its end. `stream->wake()` asks it to end soon: the client gets BYE at the next
/// moment at which the session waits for it. After `stream->stop(shutting_down)` nothing can be
/// said. When the store was reopened, the password changed, or the account disabled or removed, the
/// client gets BYE before anything else is done for it, within IDLE at once.
Task<> serve(Core& core, std::unique_ptr<net::Stream> stream, const Services& services,
             std::shared_ptr<const Settings> settings);

}  // namespace postern::imapd
