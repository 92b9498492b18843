#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::mime {

/// A header field's value as readable UTF-8: unfolded, encoded words decoded (RFC 2047 §6, RFC 2231
/// §5 languages dropped), blanks between adjacent ones removed. Also inside words and quotes, with
/// blanks within, and with a character split between two words: real mail does it all. Raw 8-bit
/// text is UTF-8 (RFC 6532) or, failing that, windows-1252. The result is always valid UTF-8 and
/// bounded by a small multiple of `value`. Linear.
[[nodiscard]] std::string decode_header_text(std::string_view value);

enum class EncodeWords : std::uint8_t { if_needed, always };

/// `text` (UTF-8) as is if it is printable ASCII that no reader takes for an encoded word;
/// otherwise as encoded words of at most 75 octets with single spaces between (RFC 2047 §2). The
/// first word is shorter by `column`, what stands before it on its line.
[[nodiscard]] std::string encode_words(std::string_view text,
                                       EncodeWords when = EncodeWords::if_needed,
                                       std::size_t column = 0);

}  // namespace postern::mime
