#pragma once

#include <string>

#include "config/config.hpp"

namespace postern::server {

/// The keys, as "section.name, ...", that differ and that a running server cannot change: they wait
/// for its next start.
[[nodiscard]] std::string waits_for_restart(const config::Config& running,
                                            const config::Config& fresh);

}  // namespace postern::server
