#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/descriptor.hpp"
#include "vocab/result.hpp"

// Files that one process reads and another uses: their content travels as a sealed memory file
// (memfd_create(2)), which nobody can change once it is made.
namespace postern::server {

/// Octets of a configuration, certificate or key file.
inline constexpr std::size_t kMaxFile = std::size_t{1} << 20U;

/// The content of a file. `io_failed`, `too_large`; the detail is the reason without the name.
[[nodiscard]] Result<std::string> read_file(const std::string& path);
/// The rest of an open file. Fails as above.
[[nodiscard]] Result<std::string> read_open_file(const Descriptor& file);
/// A memory file of `content` that can be neither written nor resized. `io_failed`.
[[nodiscard]] Result<Descriptor> seal(std::string_view content);
/// What a memory file holds. `bad_syntax`: not sealed, so that it could change. `too_large`.
[[nodiscard]] Result<std::string> contents(const Descriptor& sealed);

/// Overwrites what may have been a key.
void wipe(std::string& text);

}  // namespace postern::server
