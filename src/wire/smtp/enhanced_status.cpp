#include "smtp/enhanced_status.hpp"

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::smtp {

std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text) {
  if (text.size() < 5 || text.size() > 9 || text[1] != '.') return std::nullopt;
  if (text[0] != '2' && text[0] != '4' && text[0] != '5') return std::nullopt;
  const auto dot = text.find('.', 2);
  if (dot == text.npos || dot > 5 || text.size() - dot > 4) return std::nullopt;
  const auto subject = text::parse_number<std::uint16_t>(text.substr(2, dot - 2));
  const auto detail = text::parse_number<std::uint16_t>(text.substr(dot + 1));
  if (!subject || !detail) return std::nullopt;
  return EnhancedStatus{static_cast<std::uint8_t>(text[0] - '0'), *subject, *detail};
}

std::string to_string(EnhancedStatus status) {
  return fmt::format("{}.{}.{}", status.severity, status.subject, status.detail);
}

}  // namespace postern::smtp
