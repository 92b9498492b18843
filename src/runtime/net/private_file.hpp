#pragma once

#include <string>
#include <string_view>

#include "vocab/result.hpp"

namespace postern::net {

/// Puts `text` at `path`, readable by its owner alone, whole or not at all, and synced. `io_failed`
/// with path and reason.
[[nodiscard]] Result<void> write_private_file(const std::string& path, std::string_view text);

}  // namespace postern::net
