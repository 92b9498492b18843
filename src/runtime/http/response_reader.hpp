#pragma once

#include <memory>
#include <string_view>

#include "http/message.hpp"
#include "vocab/result.hpp"

namespace postern::http {

/// Reads one response (RFC 9112), whatever pieces it comes in. No connection and no clock: octets
/// in, a value out. Interim responses (1xx, RFC 9110 §15.2) are passed over; bodies with a length,
/// in chunks, or up to the end of the connection. Bounded in memory, and in octets taken: a body in
/// chunks may cost eight times its size on the line.
class ResponseReader {
 public:
  explicit ResponseReader(ResponseLimits limits);
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;
  ~ResponseReader();

  /// Takes the next octets; true once the response is whole: then nothing more may be fed, and what
  /// followed it in `bytes` is lost. Errors, after which nothing may be fed: `bad_syntax` (not
  /// HTTP/1, 101, conflicting lengths, ...), `too_large`.
  [[nodiscard]] Result<bool> feed(std::string_view bytes);

  /// The peer ended the connection, in order, before `feed` said that the response is whole. Error
  /// `peer_closed`: there should have been more.
  [[nodiscard]] Result<void> end();

  /// What was read, once it is whole.
  [[nodiscard]] Response take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::http
