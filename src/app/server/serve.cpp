#include "server/serve.hpp"

#include <filesystem>
#include <memory>
#include <utility>

#include <unistd.h>

#include "log/sink.hpp"
#include "server/host.hpp"
#include "server/notify.hpp"
#include "server/privileges.hpp"
#include "server/run_server.hpp"
#include "server/signal_watch.hpp"
#include "server/supervisor.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

Result<std::unique_ptr<log::Sink>> open_sink(const config::Config& config) {
  if (config.log_file.empty()) {
    return std::make_unique<log::DescriptorSink>(
        STDERR_FILENO, logs_to_journal() ? log::DescriptorSink::Prefix::journal
                                         : log::DescriptorSink::Prefix::none);
  }
  POSTERN_TRY(auto file, log::FileSink::open(config.log_file));
  return file;
}

/// A process on its own opens its files again by itself, wherever they are: reading stays.
Allowed allowed_files(const config::Config& config) {
  Allowed out{.read = {"/"}, .append = {}, .change = {config.directory}, .abstract_sockets = true};
  if (!config.log_file.empty()) out.append = {log_folder(config)};
  return out;
}

void reopen(log::Sink& sink, const log::Logger& logger) {
  auto* const file = dynamic_cast<log::FileSink*>(&sink);
  if (file == nullptr) return;
  const auto reopened = file->reopen();
  if (!reopened) logger.warn("log file not reopened", {{"why", reopened.error().detail}});
}

}  // namespace

Result<void> run_server(config::Config config, ServerHooks hooks) {
  raise_descriptor_limit();
  const auto notifier = Notifier::from_environment();
  POSTERN_TRY(auto signals, open_signals());
  POSTERN_TRY(const auto sink, placed(open_sink(config), config, "log.file"));
  Host host{*sink, config};
  const auto& logger = host.logger();
  POSTERN_TRY(auto sockets, bind_all(config));
  POSTERN_TRY(auto snapshot, make_snapshot(config, {}));
  POSTERN_CHECK(placed(prepare_directory(config.directory, nullptr), config, "storage.directory"));
  if (::geteuid() == 0)
    logger.warn("running as root: name an unprivileged `user` in the configuration");
  confine(allowed_files(config), Trade::server, logger);
  SignalWatch watch{
      std::move(signals), [&](Server& server) {
        notifier.reloading();
        reopen(*sink, logger);
        const auto done = host.apply(server, hooks.reload, {});
        notifier.reloaded(done ? "serving" : "reload refused: " + done.error().detail);
      }};
  Server server{std::move(snapshot), logger};
  server.prepare = std::move(hooks.prepare);
  server.on_stop = [&] { notifier.stopping(); };
  const auto ready = [&] {
    logger.info("ready");
    notifier.ready();
    if (hooks.ready) hooks.ready();
  };
  auto done = server.run(std::move(sockets), {&watch}, ready);
  if (done) logger.info("stopped");
  return done;
}

int serve(const std::string& config_file) {
  hold_signals();
  auto config = config::load(config_file);
  if (!config) return complain(config.error());
  if (const auto files = config::check_files(*config); !files) return complain(files.error());
  if (::geteuid() == 0 && !config->user.empty()) return supervise(config_file);
  ServerHooks hooks;
  hooks.reload = [config_file] { return config::load(config_file); };
  const auto done = run_server(*std::move(config), std::move(hooks));
  return done ? 0 : complain(done.error());
}

}  // namespace postern::server
