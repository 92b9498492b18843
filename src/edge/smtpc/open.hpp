#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feedback/tls_report.hpp"
#include "smtpc/client.hpp"
#include "smtpc/connection.hpp"
#include "smtpc/live.hpp"

namespace postern::smtpc {

/// What opening connections needs; all of it outlives the task.
struct Opener {
  net::Dialer& dialer;
  std::shared_ptr<const net::TlsContext> tls;
  Core& core;
  const Settings& settings;
  Stats& stats;
  LiveConnections& live;
};

/// What became of TLS on a host that was talked to.
struct TlsOutcome {
  std::optional<feedback::TlsResult> failure = {};  ///< Nothing: it is used.
  std::string reason = {};                          ///< For people; may be empty.
  std::optional<text::IpAddress> our_ip = {};       ///< From which it was talked to, if public.
};

/// A connection that is ready for MAIL, or why there is none.
struct Opened {
  std::unique_ptr<Connection> connection;
  queue::RecipientOutcome refusal;
  std::optional<TlsOutcome> tls;  ///< Nothing: it did not come so far, or TLS is not wanted.
};

/// Connects, hears the greeting, says EHLO (HELO where that is not understood) and turns to TLS
/// where it is offered. A failed handshake is tried again in clear, once, on a new connection; what
/// happened is added to `steps`. RFC 5321 §3.1-§3.2, RFC 3207 §4.
Task<Opened> open_connection(Opener opener, route::Candidate to, std::vector<std::string>& steps);

}  // namespace postern::smtpc
