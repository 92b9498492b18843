#include "server/serve.hpp"

#include <csignal>
#include <iostream>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log/sink.hpp"
#include "server/notify.hpp"
#include "server/privileges.hpp"
#include "server/run_server.hpp"
#include "server/server.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

Result<std::unique_ptr<log::Sink>> open_sink(const config::Config& config) {
  if (config.log_file.empty()) {
    const bool journal = ::getenv("JOURNAL_STREAM") != nullptr;  // NOLINT(concurrency-mt-unsafe)
    return std::make_unique<log::DescriptorSink>(
        STDERR_FILENO,
        journal ? log::DescriptorSink::Prefix::journal : log::DescriptorSink::Prefix::none);
  }
  POSTERN_TRY(auto file, log::FileSink::open(config.log_file));
  return file;
}

/// One descriptor a connection: as many as we may have.
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

}  // namespace

Result<void> run_server(config::Config config, ServerHooks hooks) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(concurrency-mt-unsafe): the only thread yet
  raise_descriptor_limit();
  POSTERN_TRY(const auto sink, open_sink(config));
  const SystemClock clock;
  const auto level = log::level_from(config.log_level).value_or(log::Level::info);
  log::Backend backend{
      *sink, {.level = level, .addresses = config.log_addresses}, [&clock] { return clock.now(); }};
  const log::Logger logger{backend};
  POSTERN_TRY(auto sockets, bind_all(config.listeners));
  POSTERN_TRY(auto snapshot, make_snapshot(config));
  POSTERN_CHECK(drop_to_user(config.user, config.directory));
  confine(config.directory, logger);
  Server server{std::move(snapshot), logger};
  server.prepare = std::move(hooks.prepare);
  const auto reload = [&]() -> Result<std::shared_ptr<const Snapshot>> {
    POSTERN_TRY(auto fresh, hooks.reload());
    if (auto* const file = dynamic_cast<log::FileSink*>(sink.get())) {
      const auto reopened = file->reopen();
      if (!reopened) logger.warn("log file not reopened", {{"why", reopened.error().detail}});
    }
    backend.set_level(log::level_from(fresh.log_level).value_or(log::Level::info));
    backend.set_addresses(fresh.log_addresses);
    return make_snapshot(std::move(fresh));
  };
  const auto ready = [&] {
    logger.info("ready");
    notify_ready();
    if (hooks.ready) hooks.ready();
  };
  auto done = server.run(std::move(sockets), reload, ready);
  if (done) logger.info("stopped");
  return done;
}

int serve(const std::string& config_file) {
  auto config = config::load(config_file);
  if (!config) return complain(config.error());
  ServerHooks hooks;
  hooks.reload = [config_file] { return config::load(config_file); };
  const auto done = run_server(*std::move(config), std::move(hooks));
  return done ? 0 : complain(done.error());
}

}  // namespace postern::server
