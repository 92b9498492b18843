#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::text {

/// RFC 4648 §4, padded, without line breaks.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// Strict RFC 4648 §4: padded, no other characters, zero trailing bits. What protocols exchange
/// (SASL); bodies of mail use mime's tolerant decoder.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// The same with SP, HTAB, CR and LF anywhere between the characters, as in a folded header field.
[[nodiscard]] std::optional<std::string> from_folded_base64(std::string_view text);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace postern::text
