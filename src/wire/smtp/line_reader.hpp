#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

namespace postern::smtp {

/// Octets of one line without its CRLF. RFC 5321 §4.5.3.1.4 asks for 512; parameters and
/// SMTPUTF8 addresses need more.
inline constexpr std::size_t kMaxLine = 2048;

/// What ends a line.
enum class LineEnd : std::uint8_t {
  crlf,        ///< Only CRLF (RFC 5321 §2.3.8): a server. A bare CR or LF stays inside the line.
  crlf_or_lf,  ///< Also a bare LF: a client, which has nothing to lose by reading such a reply.
};

/// Cuts what a peer sends into lines, whatever pieces it comes in. The caller keeps the bytes
/// that were read and not yet consumed; the reader keeps only the beginning of a line whose end
/// has not come (at most `limit` + 1 octets).
class LineReader {
 public:
  explicit LineReader(std::size_t limit = kMaxLine, LineEnd end = LineEnd::crlf)
      : limit_{limit}, end_{end} {}

  /// The next line without its CRLF, taken off the front of `input`; what follows it stays there
  /// (pipelined commands, message data). Nothing when `input` ended first; it is then empty.
  /// The view is into `input`'s bytes or into the reader: it dies with the former, and at the next
  /// call. Error `line_too_long`: once per line, as soon as the line is beyond the limit; the
  /// calls after it drop the rest of that line.
  [[nodiscard]] Result<std::optional<std::string_view>> take(std::string_view& input);

  /// Whether the beginning of a line waits for its end, or the end of one being dropped is still
  /// to come. Must be false, with no input left, before a TLS handshake.
  [[nodiscard]] bool partial() const { return dropping_ || (!handed_out_ && !held_.empty()); }

 private:
  std::size_t find_end(std::string_view input) const;

  std::size_t limit_;
  LineEnd end_;
  std::string held_;         ///< Beginning of the line; handed out with the line's end.
  bool handed_out_ = false;  ///< `held_` is a line already returned.
  bool dropping_ = false;    ///< Inside a line that was too long.
  bool dropped_cr_ = false;  ///< The last octet dropped was CR.
};

}  // namespace postern::smtp
