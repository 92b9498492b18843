#include "admin/offline.hpp"

#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include <boost/json.hpp>

#include "admin/admin.hpp"
#include "admin/owner.hpp"
#include "admin/report.hpp"
#include "async/pool.hpp"
#include "async/workshop.hpp"
#include "kv/rocks_engine.hpp"
#include "verify/verify.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

constexpr std::size_t kDiskThreads = 2;
constexpr std::size_t kPoolQueue = 1000;

Result<void> find_store(const config::Config& config, Offline::Missing missing) {
  std::error_code error;
  const auto there = std::filesystem::exists(std::filesystem::path{config.directory} / "db", error);
  if (error) {
    return fail(Errc::not_permitted, config.directory + ": " + error.message() +
                                         "; be root or the user whose the store is");
  }
  if (!there && missing == Offline::Missing::refuse) {
    return fail(Errc::not_found, "there is no store in " + config.directory +
                                     " yet; `postern domain add` makes one");
  }
  return {};
}

/// Nothing: the file beside the store is meant.
std::optional<Result<signing::InstallationSecret>> named_secret(const config::Config& config) {
  if (config.secret_file.empty()) return std::nullopt;
  return signing::load_secret(config.secret_file);
}

}  // namespace

struct Offline::Parts {
  Workshop workshop{"postern-admin"};
  std::vector<Core*> cores{&workshop.core()};
  ThreadPool disk{"postern-disk", kDiskThreads, kPoolQueue};
  std::unique_ptr<ThreadPool> passwords = std::make_unique<ThreadPool>(
      "postern-auth", std::max(1U, std::thread::hardware_concurrency()), kPoolQueue);
  std::unique_ptr<kv::Engine> engine;
  std::unique_ptr<store::MailStore> store;
  std::unique_ptr<trace::Log> trace;
  std::unique_ptr<directory::Directory> directory;
  std::unique_ptr<queue::Queue> queue;
  SystemRandom random;
  std::unique_ptr<signing::KeyRing> keys;
  std::unique_ptr<Services> services;

  Result<void> open(const config::Config& config,
                    std::optional<Result<signing::InstallationSecret>> secret, log::Logger logger) {
    kv::RocksOptions options;
    options.directory = config.directory;
    options.reserve = static_cast<std::uint64_t>(config.reserve);
    POSTERN_TRY(engine, kv::open_rocks(std::move(options), disk, logger));
    Core& core = workshop.core();
    store = store::make_mail_store(*engine, cores, {});
    trace = trace::make_log(*engine, core);
    POSTERN_TRY(directory, workshop.run(directory::open_directory(*engine, *store, core, *passwords,
                                                                  directory::Settings{})));
    queue::Settings settings;
    settings.hostname = config.hostname;
    settings.life = std::chrono::hours{config.queue_life_hours};
    queue = queue::make_queue(*engine, *store, *trace, core, std::move(settings));
    if (!secret) {
      secret = workshop.run(
          signing::KeyRing::find_secret(*engine, config.directory + "/secret.key", random));
    }
    // Whatever is wrong with the keys is told to who asks for them.
    auto ring = workshop.run(signing::KeyRing::open(
        {.engine = *engine, .home = core, .pool = disk, .logger = logger}, *std::move(secret)));
    Error no_keys;
    if (ring) {
      keys = *std::move(ring);
    } else {
      no_keys = std::move(ring).error();
    }
    services = std::make_unique<Services>(Services{.engine = *engine,
                                                   .store = *store,
                                                   .directory = *directory,
                                                   .queue = *queue,
                                                   .trace = *trace,
                                                   .core = core,
                                                   .keys = keys.get(),
                                                   .no_keys = std::move(no_keys)});
    return {};
  }

  ~Parts() {
    // What was noted meanwhile goes along; then nothing runs any more, and the parts go in the
    // order in which they lean on each other.
    if (trace) (void)workshop.run(trace->flush());
    workshop.stop();
    passwords.reset();
    keys.reset();
    queue.reset();
    directory.reset();
    trace.reset();
    store.reset();
    engine.reset();
  }
};

Offline::Offline(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Offline::~Offline() = default;

Result<std::unique_ptr<Offline>> Offline::open(const config::Config& config, Missing missing,
                                               log::Logger logger) {
  // While it may still be root's alone.
  auto secret = named_secret(config);
  POSTERN_CHECK(become_owner(config.directory, config.user, missing == Missing::make));
  POSTERN_CHECK(find_store(config, missing));
  auto parts = std::make_unique<Parts>();
  POSTERN_CHECK(parts->open(config, std::move(secret), std::move(logger)));
  return std::unique_ptr<Offline>{new Offline{std::move(parts)}};
}

std::string Offline::handle(std::string request) {
  return parts_->workshop.run(admin::handle(*parts_->services, std::move(request)));
}

Result<std::string> verify_offline(const config::Config& config) {
  POSTERN_CHECK(become_owner(config.directory, config.user, false));
  POSTERN_CHECK(find_store(config, Offline::Missing::refuse));
  Workshop workshop{"postern-admin"};
  ThreadPool disk{"postern-disk", kDiskThreads, kPoolQueue};
  kv::RocksOptions options;
  options.directory = config.directory;
  POSTERN_TRY(auto reader, kv::open_rocks_read_only(std::move(options), disk));
  const auto report = workshop.run(verify::verify_store(reader));
  reader.reset();
  if (!report) return std::unexpected(report.error());
  return boost::json::serialize(boost::json::object{{"ok", true}, {"data", to_json(*report)}});
}

}  // namespace postern::admin
