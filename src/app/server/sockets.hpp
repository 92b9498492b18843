#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "net/stream.hpp"
#include "vocab/result.hpp"

namespace postern::server {

enum class Kind : std::uint8_t { smtp, submission, submissions, imap, imaps, metrics };
[[nodiscard]] std::string_view to_string(Kind kind);
[[nodiscard]] std::optional<Kind> kind_from(std::string_view name);

/// A listening socket and what it is for; whoever gets it owns the descriptor.
struct Socket {
  Kind kind = Kind::smtp;
  int descriptor = -1;
};

/// Binds everything the configuration names, taking over what systemd passed (LISTEN_FDS, matched
/// by address). All or nothing. `bad_config`: one line that names the port and what to do.
[[nodiscard]] Result<std::vector<Socket>> bind_all(const config::Config& config);

}  // namespace postern::server
