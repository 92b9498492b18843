#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// A body is stored as chunks, each checked and compressed by itself:
//
//   chunk = version:1 codec:1 crc32c:4 size:4 data     (numbers big-endian)
//   codec 0: data as it is; 1: one zstd frame. `crc32c` is of `data`, `size` of what it becomes.
namespace postern::store {

/// What a chunk holds at most, uncompressed.
inline constexpr std::size_t kChunkOctets = std::size_t{128} * 1024;

/// `octets` (at most kChunkOctets) as it is stored: compressed where that saves something.
[[nodiscard]] std::string encode_chunk(std::string_view octets);

/// The octets again. `corrupt`: damaged or not a chunk; nothing of it is given out.
[[nodiscard]] Result<std::string> decode_chunk(std::string_view stored);

}  // namespace postern::store
