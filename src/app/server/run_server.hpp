#pragma once

#include <functional>

#include "admin/services.hpp"
#include "async/task.hpp"
#include "config/config.hpp"
#include "vocab/result.hpp"

namespace postern::server {

struct ServerHooks {
  std::function<Result<config::Config>()> reload;               ///< On SIGHUP.
  std::function<Task<Result<void>>(admin::Services&)> prepare;  ///< Before serving.
  std::function<void()> ready;                                  ///< All is served.
};

/// The whole life of a server that is one process: log, sockets, confinement, Server. Call
/// `hold_signals` first.
[[nodiscard]] Result<void> run_server(config::Config config, ServerHooks hooks);

}  // namespace postern::server
