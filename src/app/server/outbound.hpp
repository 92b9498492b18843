#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "async/core.hpp"
#include "config/config.hpp"
#include "http/client.hpp"
#include "kv/rocks_engine.hpp"
#include "net/stream.hpp"
#include "queue/queue.hpp"
#include "resolver/unbound.hpp"
#include "signing/signer.hpp"
#include "smtpc/client.hpp"
#include "vocab/result.hpp"

// What leaves: the configuration's words as settings of resolver, queue and transport.
namespace postern::server {

[[nodiscard]] queue::Settings queue_settings(const config::Config& config);

/// Whom the client works with; see smtpc::Settings.
struct ClientTies {
  signing::Signer* signer = nullptr;  ///< Outlives the client.
  std::function<void(reports::SeenSession)> note_session;
};

/// `bad_config`: a route that is none, trust anchors that cannot be read.
[[nodiscard]] Result<std::unique_ptr<smtpc::Client>> make_client(const config::Config& config,
                                                                 resolver::Resolver& resolver,
                                                                 net::Dialer& dialer,
                                                                 ClientTies ties, Core& core);

/// What asks others by HTTPS, at URLs that strangers name: the usual port alone, never ourselves,
/// and other private addresses only where mail may go there.
[[nodiscard]] Result<std::unique_ptr<http::Client>> make_https(const config::Config& config,
                                                               resolver::Resolver& resolver,
                                                               net::Dialer& dialer, Core& core);

/// For the crash tests: POSTERN_TEST_FAULTS=track or no_sync puts kv/fault_fs.hpp under the engine.
[[nodiscard]] Result<void> apply_test_options(kv::RocksOptions& options);

}  // namespace postern::server
