#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "http/message.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "resolver/resolver.hpp"
#include "text/ip.hpp"

// HTTPS for what a mail server fetches and posts itself: MTA-STS policies, TLS reports. One request
// a connection, HTTP/1.1, always TLS with a certificate that is valid for the host. Redirects are
// not followed and nothing is cached or remembered (RFC 8461 §3.3 forbids both); whoever wants more
// reads the status.
namespace postern::http {

/// Where a request may go. URLs and the DNS behind them are strangers': without limits anybody
/// could aim us at the machines around us. Addresses are judged as they are dialled, so a name that
/// changes its mind gains nothing.
struct Reach {
  bool private_too = false;            ///< Loopback, private and link-local addresses as well.
  bool only_loopback = false;          ///< Loopback alone: nothing leaves this machine.
  std::vector<text::IpAddress> never;  ///< Our own addresses.
  bool usual_port_only = false;        ///< No other than that of the settings.
};

struct Settings {
  std::string user_agent = "Postern";
  Reach reach = {};
  std::uint16_t port = 443;  ///< Where a URL names none. Another: for tests.
  std::size_t max_addresses = 6;
  std::optional<text::IpAddress> source_v4 = {};  ///< Local addresses to ask from.
  std::optional<text::IpAddress> source_v6 = {};
};

/// Used on one core. Whatever is named in the constructor outlives it.
class Client {
 public:
  /// `tls`: a client context with the anchors to trust; profile `modern`.
  Client(resolver::Resolver& resolver, net::Dialer& dialer,
         std::shared_ptr<const net::TlsContext> tls, Core& core, Settings settings);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();  ///< When no `send` is under way.

  /// Sends the request to the first address of the host that answers with a valid certificate, and
  /// reads what it says: any status is an answer, a redirect too. A request that may have arrived
  /// is not sent again. The error's detail says in plain words where it failed and why:
  /// `bad_syntax` the URL or the answer is none; `not_found` the host has no address;
  /// `dns_unavailable`, `dns_bogus`; `not_permitted` all its addresses are out of `Reach`;
  /// `peer_closed` refused, unreachable or hung up; `tls_failed` no handshake, or the certificate
  /// is not valid for the host; `peer_timeout`; `too_large`; `shutting_down`.
  [[nodiscard]] Task<Result<Response>> send(Request request, Limits limits = {});

  /// Ends what is under way, and all that comes later, with `shutting_down`. A connection that is
  /// being opened is given up when it stands; stop the dialer to be faster.
  void stop();

 private:
  class Talk;
  Task<Result<std::vector<text::IpAddress>>> find(const dns::Name& host);
  Task<Result<std::unique_ptr<net::Stream>>> open(const Url& url, const Limits& limits,
                                                  Instant end);
  Task<Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint to, const dns::Name& host,
                                                  Instant end);
  Task<Result<Response>> talk(net::Stream& stream, std::string_view request,
                              const ResponseLimits& limits, Instant end);

  resolver::Resolver& resolver_;
  net::Dialer& dialer_;
  std::shared_ptr<const net::TlsContext> tls_;
  Core& core_;
  Settings settings_;
  std::set<net::Stream*> live_;
  bool stopped_ = false;
};

}  // namespace postern::http
