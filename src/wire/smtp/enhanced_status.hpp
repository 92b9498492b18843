#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::smtp {

/// An enhanced status code, class.subject.detail (RFC 2034 §4).
struct EnhancedStatus {
  std::uint8_t severity = 2;  ///< 2 success, 4 temporary, 5 permanent.
  std::uint16_t subject = 0;  ///< 0-999
  std::uint16_t detail = 0;   ///< 0-999

  friend constexpr auto operator<=>(const EnhancedStatus&, const EnhancedStatus&) = default;
};

/// All of `text` as "5.7.26"; nothing when it is no such code.
[[nodiscard]] std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text);
[[nodiscard]] std::string to_string(EnhancedStatus status);

}  // namespace postern::smtp
