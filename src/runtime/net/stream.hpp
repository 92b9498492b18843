#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::net {

class TlsContext;

struct Endpoint {
  text::IpAddress ip;
  std::uint16_t port = 0;
};

/// What was negotiated; for Received fields, logs, traces and policy.
struct TlsInfo {
  std::string version;      ///< "TLSv1.3"
  std::string cipher;       ///< "TLS_AES_256_GCM_SHA384"
  std::string group;        ///< "x25519", "" if unknown
  std::string server_name;  ///< SNI, as sent
  bool resumed = false;
  bool peer_verified = false;  ///< Client side: chain and name check out against the trust anchors.
  std::string verify_error;    ///< Why not, in OpenSSL's words.
};

/// How to begin TLS as a client.
struct TlsClientOptions {
  std::string server_name;        ///< SNI and the name to verify; empty: none.
  bool require_verified = false;  ///< Fail the handshake when the peer does not verify.
};

/// The detail of a read's `peer_closed` when the peer ended TLS in order, and nobody on the way.
inline constexpr std::string_view kCloseNotify = "close_notify";

/// One connection to a peer, in clear or TLS. Belongs to one core; only `wake` and `stop` may be
/// called while an operation is under way, and only on that core (post to it from elsewhere). At
/// most one read and one write at a time. Failures: `peer_closed`, `peer_timeout`, `tls_failed`,
/// `woken`, `shutting_down`.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Some bytes, at least one, as soon as there are any. The view lies in a buffer shared by the
  /// whole core and dies at the caller's next co_await of anything.
  virtual Task<Result<std::string_view>> read(Duration limit) = 0;

  /// All of `bytes`, which must live till the task ends. `limit` is for progress: it starts anew
  /// whenever the peer took something.
  virtual Task<Result<void>> write(std::string_view bytes, Duration limit) = 0;

  /// The handshake, in place. Server side: `context` names the certificates. What the peer sent in
  /// clear and the caller has not read is read as TLS: injected plain text fails the handshake.
  virtual Task<Result<void>> accept_tls(std::shared_ptr<const TlsContext> context,
                                        Duration limit) = 0;
  virtual Task<Result<void>> connect_tls(std::shared_ptr<const TlsContext> context,
                                         TlsClientOptions options, Duration limit) = 0;

  /// Null while in clear.
  [[nodiscard]] virtual const TlsInfo* tls() const = 0;
  /// RFC 5705 / RFC 9266 exporter value; nothing in clear or below TLS 1.3.
  [[nodiscard]] virtual std::optional<std::string> tls_exporter(std::string_view label,
                                                                std::size_t octets) const = 0;

  [[nodiscard]] virtual Endpoint peer() const = 0;
  [[nodiscard]] virtual Endpoint local() const = 0;

  /// Makes the read under way, or else the next one, fail with `woken`, once. Nothing is lost.
  virtual void wake() = 0;
  /// Makes the read or write under way and every later one fail with `why`, for good.
  virtual void stop(Errc why) = 0;

  /// Ends the connection in order (TLS close_notify, FIN), without waiting for the peer. The
  /// destructor closes abruptly.
  virtual void close() = 0;
};

/// Where outgoing connections come from. The simulator has its own.
class Dialer {
 public:
  virtual ~Dialer() = default;
  /// `source`: the local address to bind, if any. Failures: `peer_timeout`, `peer_closed` (refused,
  /// unreachable; the detail says which).
  virtual Task<Result<std::unique_ptr<Stream>>> connect(Endpoint to,
                                                        std::optional<text::IpAddress> source,
                                                        Duration limit) = 0;
};

}  // namespace postern::net
