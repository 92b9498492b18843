#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/line_reader.hpp"
#include "smtp/reply.hpp"
#include "vocab/result.hpp"

namespace postern::smtp {

/// Reads the replies of a server, whatever pieces they come in (the client's side). Bounded: 2 KiB
/// a line, 200 lines and 64 KiB a reply.
class ReplyReader {
 public:
  /// The next reply, taken off the front of `input`; what follows it (replies to pipelined
  /// commands) stays there. Nothing when `input` ended first; it is then empty. An enhanced status
  /// that agrees with the code's first digit is taken out of the text; octets that are no UTF-8 and
  /// controls are replaced. Errors, behind which the connection is useless: `bad_syntax` (no code,
  /// or lines with different codes; RFC 5321 §4.2.1), `line_too_long`, `too_large`.
  [[nodiscard]] Result<std::optional<Reply>> take(std::string_view& input);

  /// Whether part of a reply is here. Must be false, with no input left, before a TLS handshake:
  /// what came in clear is not of the server we are about to authenticate.
  [[nodiscard]] bool partial() const { return lines_ > 0 || reader_.partial(); }

 private:
  Result<bool> add(std::string_view line);

  LineReader reader_{kMaxLine, LineEnd::crlf_or_lf};
  Reply reply_;
  std::size_t lines_ = 0;
};

}  // namespace postern::smtp
