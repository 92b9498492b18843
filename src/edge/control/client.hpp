#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

namespace postern::control {

/// Sends `request` (one line, without its end) to the server that listens at `path` and returns its
/// answer. Blocks: waits as long as the server works, at most 10 s for it to take the request.
/// Failures: `not_found` (no server listens there), `not_permitted` (the socket is another user's),
/// `peer_timeout`, `peer_closed` (it went away before it had answered), `too_large`.
[[nodiscard]] Result<std::string> call(const std::filesystem::path& path, std::string_view request);

}  // namespace postern::control
