#include "server/outbound.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/values.hpp"
#include "kv/fault_fs.hpp"
#include "server/own_addresses.hpp"
#include "vocab/try.hpp"

namespace postern::server {
queue::Settings queue_settings(const config::Config& config) {
  queue::Settings out;
  out.hostname = config.hostname;
  out.life = std::chrono::hours{config.queue_life_hours};
  out.delay_notice = std::chrono::hours{config.delay_notice_hours};
  for (const auto minutes : config.retry_minutes)
    out.retry.push_back(std::chrono::minutes{minutes});
  return out;
}

Result<std::unique_ptr<smtpc::Client>> make_client(const config::Config& config,
                                                   resolver::Resolver& resolver,
                                                   net::Dialer& dialer, ClientTies ties,
                                                   Core& core) {
  smtpc::Settings out;
  out.signer = ties.signer;
  out.note_session = std::move(ties.note_session);
  out.hostname = config.hostname;
  POSTERN_TRY(auto own, dns::Name::parse(config.hostname));
  out.route.own_names = {std::move(own)};
  out.route.own_addresses = own_addresses(
      config.listeners.smtp, static_cast<std::uint16_t>(config.outbound_port), machine_addresses());
  out.route.allow_private_destinations = config.allow_private_destinations;
  out.route.only_loopback = config.only_loopback;
  out.route.port = static_cast<std::uint16_t>(config.outbound_port);
  for (const auto& [domain, to] : config.routes) {
    POSTERN_TRY(auto name, dns::Name::parse(domain));
    POSTERN_TRY(auto hop, route::parse_next_hop(to));
    out.route.routes.push_back({.domain = std::move(name), .to = std::move(hop)});
  }
  if (!config.route.empty()) {
    POSTERN_TRY(auto hop, route::parse_next_hop(config.route));
    out.route.routes.push_back({.domain = {}, .to = std::move(hop)});
  }
  std::shared_ptr<const net::TlsContext> tls;
  if (config.outbound_tls != "none") {
    POSTERN_TRY(tls, net::TlsContext::client({}));
  }
  return smtpc::make_client(resolver, dialer, std::move(tls), core, std::move(out));
}

Result<std::unique_ptr<http::Client>> make_https(const config::Config& config,
                                                 resolver::Resolver& resolver, net::Dialer& dialer,
                                                 Core& core) {
  POSTERN_TRY(auto tls, net::TlsContext::client({.profile = net::TlsProfile::modern,
                                                 .trust_files = config.trust_files}));
  http::Settings settings{.port = static_cast<std::uint16_t>(config.https_port)};
  settings.reach = {.private_too = config.allow_private_destinations,
                    .only_loopback = config.only_loopback,
                    .usual_port_only = true};
  if (!config.allow_private_destinations) settings.reach.never = machine_addresses();
  return std::make_unique<http::Client>(resolver, dialer, std::move(tls), core,
                                        std::move(settings));
}

Result<void> apply_test_options(kv::RocksOptions& options) {
  const char* const wish = std::getenv("POSTERN_TEST_FAULTS");  // NOLINT(concurrency-mt-unsafe)
  if (wish == nullptr) return {};
  const std::string_view mode{wish};
  if (mode != "track" && mode != "no_sync")
    return fail(Errc::bad_config, "POSTERN_TEST_FAULTS is track or no_sync");
  POSTERN_TRY(options.faults,
              kv::FaultFs::create(options.directory, mode == "track" ? kv::FaultFs::Mode::track
                                                                     : kv::FaultFs::Mode::no_sync));
  return {};
}

}  // namespace postern::server
