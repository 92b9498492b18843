// The keys with which our domains sign: opened with the store, tended while the server runs.
#include <fmt/format.h>

#include "config/values.hpp"
#include "server/server.hpp"
#include "signing/secret.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

constexpr Duration kTendEvery = std::chrono::minutes{1};

signing::Schedule schedule_of(const config::Config& config) {
  return {.rotate_after = std::chrono::days{config.rotate_days}};
}

}  // namespace

/// Keys that could not sign would let mail go out that DMARC then refuses elsewhere: better to
/// hear of it at the start.
Task<Result<void>> Server::open_keys() {
  const auto snapshot = now();
  const auto& config = snapshot->config;
  const bool named = snapshot->secret.has_value();
  const auto file = named ? config.secret_file : config.directory + "/secret.key";
  auto secret = snapshot->secret.value_or(signing::InstallationSecret{});
  if (!named) {
    POSTERN_CO_TRY(secret, co_await signing::KeyRing::find_secret(*engine_, file, random_));
  }
  POSTERN_CO_TRY(keys_,
                 co_await signing::KeyRing::open({.engine = *engine_,
                                                  .home = *cores_.front(),
                                                  .pool = *disk_pool_,
                                                  .logger = logger_.with({{"service", "signing"}})},
                                                 std::move(secret)));
  for (const auto& [name, facts, lost] : keys_->list()) {
    if (lost == signing::Loss::none) continue;
    if (lost == signing::Loss::damaged) {
      co_return fail(
          Errc::corrupt,
          fmt::format("the signing key {} of {} is damaged in the store; put the store "
                      "back from a backup, or give the key up: postern dkim remove {} {}",
                      name.selector, name.domain, name.domain, name.selector));
    }
    co_return fail(Errc::bad_config,
                   fmt::format("{}: this is not the secret under which the signing key {} of {} "
                               "was stored; put the file back from a backup, or give the key up: "
                               "postern dkim remove {} {}",
                               file, name.selector, name.domain, name.domain, name.selector));
  }
  co_return Result<void>{};
}

/// Without a cache to speak of, it is small. A stop ends what it is asked.
Result<std::shared_ptr<resolver::Resolver>> Server::fresh_dns() {
  constexpr std::uint64_t kBytes = std::uint64_t{1} << 20U;
  if (stop_asked_) return fail(Errc::shutting_down);
  POSTERN_TRY(auto settings, config::resolver_settings(now()->config, kBytes));
  settings.root_key_file = now()->config.directory + "/root.key";
  settings.root_key_read_only = true;  // the other resolver keeps it
  POSTERN_TRY(auto made, resolver::UnboundResolver::create(*cores_.front(), settings));
  const auto end = [](resolver::UnboundResolver* dns) {
    dns->stop();
    std::default_delete<resolver::UnboundResolver>{}(dns);
  };
  std::shared_ptr<resolver::UnboundResolver> out{made.release(), end};
  std::erase_if(fresh_dns_, [](const auto& old) { return old.expired(); });
  fresh_dns_.push_back(out);
  return out;
}

Task<> Server::tend_keys() {
  const auto sleeper = std::make_shared<Sleeper>(*cores_.front());
  sleepers_.push_back(sleeper);
  for (bool more = true; more && !stop_asked_;) {
    co_await keys_->tend(*resolver_, schedule_of(now()->config));
    more = co_await sleeper->sleep(kTendEvery);
  }
}

}  // namespace postern::server
