#include "server/host.hpp"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include <sys/resource.h>

#include "server/reload.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

log::Level level_of(const config::Config& config) {
  return log::level_from(config.log_level).value_or(log::Level::info);
}

}  // namespace

Host::Host(log::Sink& sink, config::Config config)
    : backend_{sink,
               {.level = level_of(config), .addresses = config.log_addresses},
               [this] { return clock_.now(); }},
      logger_{backend_},
      config_{std::move(config)} {}

Result<std::string> Host::change(Server& server,
                                 const std::function<Result<config::Config>()>& fresh,
                                 const net::ReadFile& read) {
  try {
    POSTERN_TRY(auto config, fresh());
    auto waiting = waits_for_restart(config_, config);
    config.hostname = config_.hostname;  // the queue and the client cannot change theirs
    const auto level = level_of(config);
    const bool addresses = config.log_addresses;
    POSTERN_TRY(auto snapshot, make_snapshot(std::move(config), read));
    server.use(std::move(snapshot));
    backend_.set_level(level);
    backend_.set_addresses(addresses);
    return waiting;
  } catch (const std::exception& bug) {
    return fail(Errc::bad_config, bug.what());
  }
}

Result<void> Host::apply(Server& server, const std::function<Result<config::Config>()>& fresh,
                         const net::ReadFile& read) {
  const auto waiting = change(server, fresh, read);
  if (!waiting) {
    logger_.error("reload refused, the old configuration stays",
                  {{"why", log::Detail{waiting.error().detail}}});
    return std::unexpected{waiting.error()};
  }
  logger_.info("configuration and certificates reloaded");
  if (!waiting->empty()) logger_.warn("some changes wait for a restart", {{"keys", *waiting}});
  return {};
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int complain(const Error& error) {
  std::cerr << "postern: " << (error.detail.empty() ? to_string(error.code) : error.detail) << '\n';
  return 1;
}

bool logs_to_journal() {
  return std::getenv("JOURNAL_STREAM") != nullptr;  // NOLINT(concurrency-mt-unsafe): no thread yet
}

std::string log_folder(const config::Config& config) {
  return std::filesystem::absolute(config.log_file).parent_path().string();
}

}  // namespace postern::server
