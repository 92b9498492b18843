#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smtp/data.hpp"
#include "vocab/result.hpp"

// Message data on its way out.
namespace postern::smtp {

/// Encodes a message for DATA: dots doubled (RFC 5321 §4.5.2), the last line ended, the end
/// marked. Bare CR, bare LF and NUL never reach the output; a message that may hold them goes
/// through `LineNormaliser` when it enters the queue.
class DataEncoder {
 public:
  /// Appends the wire form of the next piece to `out`. Error `bad_syntax`: a bare CR, bare LF or
  /// NUL in it (or split over it and the one before); `out` is as it was. The connection must then
  /// be dropped: what was sent so far has no end, and the peer forgets it.
  [[nodiscard]] Result<void> add(std::string_view piece, std::string& out);
  /// Appends what is missing of the last CRLF, and the final dot. Errors as `add`.
  [[nodiscard]] Result<void> finish(std::string& out);

 private:
  /// Long lines are the queue's matter (it re-encodes before signing); here only what could be
  /// taken for another end counts.
  LineChecker lines_{UINT64_MAX};
};

/// Makes lines of whatever comes: a bare CR and a bare LF become CRLF, a NUL is left out.
/// Clean text is copied as it is.
class LineNormaliser {
 public:
  void add(std::string_view piece, std::string& out);
  /// Ends the last line, if it is not.
  void finish(std::string& out);

 private:
  bool after_cr_ = false;
  bool at_line_start_ = true;
};

}  // namespace postern::smtp
