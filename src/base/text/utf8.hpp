#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::text {

/// Takes the first code point off `text`. Nothing, and `text` unchanged, when what stands there is
/// not UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) or `text` is empty.
[[nodiscard]] std::optional<char32_t> take_code_point(std::string_view& text);

/// Whether all of `text` is UTF-8 (RFC 3629 §4).
[[nodiscard]] bool is_utf8(std::string_view text);

/// Appends `point` as UTF-8; a surrogate or a value beyond U+10FFFF becomes U+FFFD.
void append_utf8(std::string& out, char32_t point);

/// `text` with each byte that is not part of UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace postern::text
