#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/core.hpp"
#include "async/task.hpp"
#include "delivery/delivery.hpp"
#include "directory/directory.hpp"
#include "log/log.hpp"
#include "mailauth/reception.hpp"
#include "metrics/metrics.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "reports/reports.hpp"
#include "resolver/resolver.hpp"
#include "signing/signer.hpp"
#include "smtpd/limits.hpp"
#include "trace/trace.hpp"

// The SMTP server: one coroutine per connection, for mail from other servers (port 25) and for
// submission (587, 465). Parses with wire/smtp, asks delivery, answers.
namespace postern::smtpd {

enum class Profile : std::uint8_t {
  inbound,     ///< Port 25: no AUTH; local recipients only.
  submission,  ///< 587 and 465: AUTH under TLS, then mail to anywhere.
};

/// A constant snapshot; a session keeps the one it began with.
struct Settings {
  Profile profile = Profile::inbound;
  bool implicit_tls = false;                              ///< 465: the handshake comes first.
  std::string hostname;                                   ///< Ours: greeting, Received.
  std::shared_ptr<const net::TlsContext> tls;             ///< Null: no STARTTLS.
  std::uint64_t max_message = std::uint64_t{100} << 20U;  ///< SIZE (RFC 1870).
  std::uint32_t max_recipients = 1000;
  std::uint32_t max_errors = 10;    ///< Bad commands before 421.
  bool check_sender_domain = true;  ///< Row A3; off where there is no DNS (localserve).
  /// By what mail from strangers is judged; null: by nothing (where there is no DNS).
  std::shared_ptr<const mailauth::Settings> authentication;
  /// Whether reports come in at an address of ours; empty: nowhere.
  std::function<bool(const smtp::Address&)> takes_reports;
  std::uint32_t max_unknown = 20;  ///< Unknown recipients per net and hour (row A4).
  Timeouts timeouts;
};

/// What sessions use; all of it outlives them.
struct Services {
  delivery::Delivery& delivery;
  directory::Directory& directory;
  resolver::Resolver& resolver;
  trace::Log& trace;
  Guard& guard;  ///< What is remembered about nets over connections.
  Metrics& metrics;
  log::Logger logger;
  mailauth::History* history = nullptr;  ///< Null: none is kept.
  signing::Signer* signer = nullptr;     ///< Null: submissions are not signed, nothing is sealed.
  reports::Reports* reports = nullptr;   ///< Null: nothing is counted, no report read.
};

/// One connection to its end. `stream->wake()` asks it to end soon: the peer is told 421 at the
/// next moment at which the session waits for it; a message whose end was read is finished and
/// answered first. After `stream->stop(shutting_down)` nothing can be said, but such a message is
/// finished all the same. When the password was changed, or the account disabled or removed, the
/// next command is answered 421, and a message on its way in is not taken.
Task<> serve(Core& core, std::unique_ptr<net::Stream> stream, const Services& services,
             std::shared_ptr<const Settings> settings);

}  // namespace postern::smtpd
