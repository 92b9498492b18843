#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/core.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "queue/transport.hpp"
#include "reports/collector.hpp"
#include "resolver/resolver.hpp"
#include "route/target.hpp"
#include "signing/signer.hpp"
#include "text/ip.hpp"
#include "vocab/time.hpp"

// The SMTP client: what the queue hands over goes to other servers. Finds the hosts of a domain
// (RFC 5321 §5.1), keeps connections for the next message, uses what a host offers (PIPELINING,
// CHUNKING, SIZE, 8BITMIME, SMTPUTF8, DSN, STARTTLS) and turns its words into outcomes.
namespace postern::smtpc {

/// How long a host may take. RFC 5321 §4.5.3.2 has the least.
struct Limits {
  Duration connect = std::chrono::seconds{30};
  Duration greeting = std::chrono::minutes{5};
  Duration hello = std::chrono::minutes{5};
  Duration handshake = std::chrono::minutes{1};
  Duration mail = std::chrono::minutes{5};
  Duration recipient = std::chrono::minutes{5};
  Duration data_start = std::chrono::minutes{2};
  Duration data_block = std::chrono::minutes{3};
  Duration data_end = std::chrono::minutes{10};
};

struct Settings {
  std::string hostname;  ///< What we say in EHLO.
  route::Settings route;
  Limits limits = {};
  std::optional<text::IpAddress> source_v4 = {};  ///< Local addresses to send from.
  std::optional<text::IpAddress> source_v6 = {};
  std::size_t max_hosts = 8;          ///< Addresses tried in one attempt.
  signing::Signer* signer = nullptr;  ///< Of our mail that is re-encoded; outlives it. Or null.

  // Connections kept for the next message.
  std::size_t idle_total = 200;
  std::size_t idle_per_host = 20;
  Duration idle_time = std::chrono::seconds{30};
  std::uint32_t messages_per_connection = 1000;
  Duration connection_age = std::chrono::minutes{10};

  /// Is told of each session with an exchanger that a domain named (RFC 8460 §4), unless it is
  /// for mail without a sender: of those that carry reports there shall be none. May be empty.
  std::function<void(reports::SeenSession)> note_session = {};

  Duration shortest_plan = std::chrono::seconds{5};  ///< DNS results serve at least so long...
  Duration longest_plan = std::chrono::minutes{5};   ///< ...and at most.
};

struct Stats {
  std::uint64_t connections = 0;
  std::uint64_t reused = 0;  ///< Transactions on a connection that had one before.
  std::uint64_t tls = 0;
  std::uint64_t tls_fallbacks = 0;  ///< Sent in clear because a handshake failed.
  std::uint64_t transactions = 0;
  std::uint64_t bugs = 0;  ///< Goodbyes that ended in an exception.
};

/// Used on the queue's core.
class Client : public queue::Transport {
 public:
  /// Ends the attempts under way, with "the server is stopping" for whoever has no answer yet, and
  /// refuses new ones. Where the message may have arrived already, the host has a few seconds to
  /// say so. For good; returns at once. A connection that is being opened is given up when it
  /// stands, or after `Limits::connect`.
  virtual void stop() = 0;
  /// Says goodbye to idle connections and keeps none any more. Awaited before destruction, once no
  /// attempt is under way.
  virtual Task<> close() = 0;
  [[nodiscard]] virtual Stats stats() const = 0;
};

/// `tls`: the client context of profile `relay`; null: never TLS. All references outlive it.
std::unique_ptr<Client> make_client(resolver::Resolver& resolver, net::Dialer& dialer,
                                    std::shared_ptr<const net::TlsContext> tls, Core& core,
                                    Settings settings);

}  // namespace postern::smtpc
