#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/core.hpp"
#include "net/stream.hpp"
#include "route/target.hpp"
#include "smtp/capabilities.hpp"
#include "smtp/reply.hpp"
#include "smtp/reply_reader.hpp"
#include "vocab/result.hpp"

namespace postern::smtpc {

/// One connection to one host, and what is known about it. Used on one core.
class Connection {
 public:
  Connection(std::unique_ptr<net::Stream> stream, Core& core, route::Candidate to);

  /// The next reply, whole within `limit`. Failures: the stream's; `bad_syntax`, `line_too_long`,
  /// `too_large` when the host says what is no reply. After a failure the connection is useless.
  Task<Result<smtp::Reply>> reply(Duration limit);
  /// One command line (without CRLF), and its reply.
  Task<Result<smtp::Reply>> ask(std::string line, Duration limit);
  /// `bytes` live till the task ends.
  Task<Result<void>> send(std::string_view bytes, Duration limit);
  /// Something came that nobody has read: before a TLS handshake, an attack.
  [[nodiscard]] bool has_unread() const { return !unread_.empty() || replies_.partial(); }

  [[nodiscard]] net::Stream& stream() { return *stream_; }
  [[nodiscard]] const route::Candidate& to() const { return to_; }
  /// "mx1.example", or the address where there is no name.
  [[nodiscard]] const std::string& host() const { return host_; }
  /// "mx1.example [192.0.2.1]:25 TLSv1.3", for the trace.
  [[nodiscard]] std::string description() const;

  smtp::Capabilities capabilities;
  std::uint32_t transactions = 0;  ///< Begun.
  bool needs_reset = false;        ///< A transaction was begun and not ended.
  bool delivering = false;         ///< The end of a message is on its way, or its answer.
  Instant opened;

 private:
  std::unique_ptr<net::Stream> stream_;
  Core& core_;
  route::Candidate to_;
  std::string host_;
  smtp::ReplyReader replies_;
  std::string unread_;
};

/// "mx1.example [192.0.2.1]:25".
[[nodiscard]] std::string describe(const route::Candidate& to);

}  // namespace postern::smtpc
