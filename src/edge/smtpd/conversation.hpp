#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "async/core.hpp"
#include "async/task.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "smtp/line_reader.hpp"
#include "smtp/reply.hpp"
#include "smtpd/limits.hpp"
#include "vocab/result.hpp"

namespace postern::smtpd {

/// Lines in, replies out. Replies are gathered and sent when the session has to wait for the peer,
/// so that a pipelined group is answered by one write (RFC 2920 §3.2). Failures of its tasks are
/// the stream's unless said otherwise.
class Conversation {
 public:
  /// `core`, `stream` and `timeouts` outlive it. `max_line`: octets of a line without CRLF.
  Conversation(Core& core, net::Stream& stream, const Timeouts& timeouts, std::size_t max_line);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// The next line without CRLF; the whole of it must come within `Timeouts::command`. The view
  /// dies at the next call of anything here. `line_too_long`: once per line; go on.
  Task<Result<std::string_view>> line();

  void say(const smtp::Reply& reply);
  /// Whole lines, as they are.
  void say_raw(std::string_view lines) { owed_ += lines; }
  /// Sends what is owed.
  Task<Result<void>> flush();

  /// What was read and not yet used; take from its front. Dies at `fill`, `line` and `linger`.
  [[nodiscard]] std::string_view& input() { return input_; }
  /// Reads once; `input` must be empty.
  Task<Result<void>> fill(Duration limit);
  /// Something was read, if only half a line, and not yet used.
  [[nodiscard]] bool unread() const { return !input_.empty() || reader_.partial(); }

  /// Sends what is owed, then lets `length` pass; ends early, with a failure, when the peer leaves.
  Task<Result<void>> linger(Duration length);

  /// The server's side of a handshake.
  Task<Result<void>> accept_tls(std::shared_ptr<const net::TlsContext> context);

 private:
  void hold(std::string_view octets);
  /// Before waiting, when nothing is owed: gives back what memory it can.
  void shrink();

  Core& core_;
  net::Stream& stream_;
  const Timeouts& timeouts_;
  smtp::LineReader reader_;
  std::string buffer_;  ///< Its end is `input_`.
  std::string_view input_;
  std::string owed_;
};

}  // namespace postern::smtpd
