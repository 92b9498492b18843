#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/openssl_ptr.hpp"
#include "net/stream.hpp"

namespace postern::net {

/// What one attempt at input or output on a non-blocking descriptor came to.
struct IoStep {
  enum class Is {
    done,        ///< `octets` went through.
    want_read,   ///< Try again once the descriptor is readable,
    want_write,  ///< or writable,
    want_async,  ///< or once the key's keeper has answered (`async_descriptor`).
    ended,       ///< The peer is gone; in `detail` how.
    failed,      ///< TLS is broken; in `detail` why.
  };
  Is is;
  std::size_t octets = 0;
  std::string detail = {};
};

/// recv and send without TLS. A reset by the peer is a value, never SIGPIPE.
[[nodiscard]] IoStep receive_clear(int descriptor, std::span<char> into);
[[nodiscard]] IoStep send_clear(int descriptor, std::string_view octets);

/// TLS over a non-blocking descriptor, which is borrowed: no waiting, no event loop. Between calls
/// it holds no record buffers.
class TlsSession {
 public:
  [[nodiscard]] static std::unique_ptr<TlsSession> server(std::shared_ptr<const TlsContext> context,
                                                          int descriptor);
  /// `peer` names the other end in the key under which sessions are remembered.
  [[nodiscard]] static std::unique_ptr<TlsSession> client(std::shared_ptr<const TlsContext> context,
                                                          int descriptor,
                                                          const TlsClientOptions& options,
                                                          const std::string& peer);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  [[nodiscard]] IoStep handshake();
  [[nodiscard]] IoStep read(std::span<char> into);
  [[nodiscard]] IoStep write(std::string_view octets);
  /// Sends close_notify if that goes without waiting.
  void say_goodbye();

  [[nodiscard]] const TlsInfo& info() const { return info_; }
  [[nodiscard]] std::optional<std::string> exporter(std::string_view label,
                                                    std::size_t octets) const;
  /// After `want_async`: what becomes readable when there is an answer; -1 if unknown.
  [[nodiscard]] int async_descriptor() const;

 private:
  struct Transport {
    int descriptor;
    std::string trouble;  ///< How the last transfer failed, if the system refused it.
    bool ended = false;
  };
  friend struct TransportBio;

  TlsSession(std::shared_ptr<const TlsContext> context, int descriptor);
  [[nodiscard]] IoStep outcome(int returned, std::size_t octets);
  void take_info();

  std::shared_ptr<const TlsContext> context_;
  Transport transport_;
  std::string resume_key_;
  bool named_ = false;   ///< Client: a name was there to verify.
  bool broken_ = false;  ///< After a fatal error the SSL may only be destroyed.
  TlsInfo info_;
  SslPtr ssl_;
};

}  // namespace postern::net
