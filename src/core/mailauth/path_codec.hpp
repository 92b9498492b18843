#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// Records of space `strangers`, kind `path` (docs/formats/keys.md).
namespace postern::mailauth {

/// `author` an A-label, `path` a net or "@" and a domain.
[[nodiscard]] std::string path_key(std::string_view author, std::string_view path);
/// Everything of the kind begins with it.
[[nodiscard]] std::string path_prefix();
[[nodiscard]] bool is_path_key(std::string_view key);

/// Days since 1970-01-01.
[[nodiscard]] std::string encode_path_day(std::uint32_t day);
/// Errors: `corrupt`, `unsupported` (of a later release).
[[nodiscard]] Result<std::uint32_t> decode_path_day(std::string_view value);

}  // namespace postern::mailauth
