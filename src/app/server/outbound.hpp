#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "async/core.hpp"
#include "config/config.hpp"
#include "kv/rocks_engine.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "queue/queue.hpp"
#include "queue/transport.hpp"
#include "resolver/unbound.hpp"
#include "trace/trace.hpp"
#include "vocab/result.hpp"

// What leaves: the configuration's words as settings of resolver, queue and transport.
namespace postern::server {

/// `bad_config`: a forwarder, stub or anchor that is not one.
[[nodiscard]] Result<resolver::Settings> resolver_settings(const config::Config& config,
                                                           std::uint64_t cache_bytes);
[[nodiscard]] queue::Settings queue_settings(const config::Config& config);

/// All arguments outlive the transport.
[[nodiscard]] Result<std::unique_ptr<queue::Transport>> make_transport(
    const config::Config& config, resolver::Resolver& resolver, trace::Log& trace,
    std::span<Core* const> cores, metrics::Registry& registry, log::Logger logger);

/// For the crash tests: POSTERN_TEST_FAULTS=track or no_sync puts kv/fault_fs.hpp under the engine.
[[nodiscard]] Result<void> apply_test_options(kv::RocksOptions& options);

}  // namespace postern::server
