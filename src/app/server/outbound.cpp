#include "server/outbound.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "kv/fault_fs.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

/// "192.0.2.53" or "192.0.2.53@5353".
Result<resolver::Server> parse_server(std::string_view text) {
  const auto at = text.find('@');
  const auto ip = text::IpAddress::parse(text.substr(0, at));
  const auto port = at == std::string_view::npos
                        ? std::optional<std::uint16_t>{53}
                        : text::parse_number<std::uint16_t>(text.substr(at + 1));
  if (!ip || !port)
    return fail(Errc::bad_config, fmt::format("dns: \"{}\" is not address or address@port", text));
  return resolver::Server{.ip = *ip, .port = *port};
}

Result<resolver::Stub> parse_stub(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos)
    return fail(Errc::bad_config, fmt::format("dns.stubs: \"{}\" is not \"zone server\"", text));
  POSTERN_TRY(auto zone, dns::Name::parse(text.substr(0, space)));
  POSTERN_TRY(const auto server, parse_server(text::trim(text.substr(space))));
  return resolver::Stub{.zone = std::move(zone), .servers = {server}};
}

}  // namespace

Result<resolver::Settings> resolver_settings(const config::Config& config,
                                             std::uint64_t cache_bytes) {
  resolver::Settings out;
  out.cache_bytes = cache_bytes;
  out.root_trust_anchor = config.root_trust_anchor;
  out.trust_anchors = config.trust_anchors;
  for (const auto& text : config.forwarders) {
    POSTERN_TRY(const auto server, parse_server(text));
    out.forwarders.push_back(server);
  }
  for (const auto& text : config.stubs) {
    POSTERN_TRY(auto stub, parse_stub(text));
    out.stubs.push_back(std::move(stub));
  }
  return out;
}

queue::Settings queue_settings(const config::Config& config) {
  queue::Settings out;
  out.hostname = config.hostname;
  out.life = std::chrono::hours{config.queue_life_hours};
  out.delay_notice = std::chrono::hours{config.delay_notice_hours};
  for (const auto minutes : config.retry_minutes)
    out.retry.push_back(std::chrono::minutes{minutes});
  return out;
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
