#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smtp/enhanced_status.hpp"

namespace postern::smtp {

/// One reply (RFC 5321 §4.2), sent or received.
struct Reply {
  int code = 0;                               ///< 200-599.
  std::optional<EnhancedStatus> status = {};  ///< None in greetings and replies to EHLO.
  std::string text = {};                      ///< Lines parted by '\n', without code and status.

  [[nodiscard]] bool positive() const { return code / 100 == 2; }
  [[nodiscard]] bool intermediate() const { return code / 100 == 3; }
  [[nodiscard]] bool temporary() const { return code / 100 == 4; }
  [[nodiscard]] bool permanent() const { return code / 100 == 5; }
  friend bool operator==(const Reply&, const Reply&) = default;
};

/// `reply` as it goes on the wire, each line with its code, status and CRLF. Whatever `text` holds,
/// nothing but this reply comes out: '\n' parts lines, any other control becomes '?', and so does
/// 8-bit (RFC 6531 §3.7.4 forbids it nearly everywhere). Lines over 512 octets (RFC 5321
/// §4.5.3.1.5) are broken at a space where there is one.
[[nodiscard]] std::string to_wire(const Reply& reply);

/// On one line for logs, traces and reports: "550 5.7.26 text more text".
[[nodiscard]] std::string to_line(const Reply& reply);

}  // namespace postern::smtp
