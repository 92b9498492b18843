#include <memory>
#include <optional>
#include <utility>

#include <fcntl.h>

#include "server/bundle.hpp"
#include "server/host.hpp"
#include "server/privileges.hpp"
#include "server/serve.hpp"
#include "server/signal_watch.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

using Word = Message::Kind;

/// Where log lines go; the descriptor behind its number changes when the supervisor passes another.
class PassedLog {
 public:
  /// `file`: empty for standard error.
  explicit PassedLog(Descriptor file)
      : file_{std::move(file)},
        sink_{file_ ? file_.get() : STDERR_FILENO, !file_ && logs_to_journal()
                                                       ? log::DescriptorSink::Prefix::journal
                                                       : log::DescriptorSink::Prefix::none} {}
  [[nodiscard]] log::Sink& sink() { return sink_; }
  /// A thread that writes at this moment reaches the one or the other.
  void replace(const Descriptor& fresh) const {
    if (file_) ::dup3(fresh.get(), file_.get(), O_CLOEXEC);
  }

 private:
  Descriptor file_;
  log::DescriptorSink sink_;
};

/// What came before the server runs: a bundle, and maybe a log.
struct Beginning {
  std::unique_ptr<Incoming> bundle = std::make_unique<Incoming>();
  Descriptor log;
};

Result<void> receive(const Channel& channel, Beginning& out) {
  for (;;) {
    POSTERN_TRY(auto parcel, channel.wait());
    if (parcel.message.kind == Word::log) {
      out.log = std::move(parcel.descriptor);
      continue;
    }
    POSTERN_TRY(const bool complete, out.bundle->take(std::move(parcel)));
    if (complete) return {};
  }
}

/// The supervisor's orders. When it is gone there is nobody left to serve for.
class SupervisorWatch final : public Watch {
 public:
  SupervisorWatch(Channel channel, Host& host, const PassedLog& log)
      : channel_{std::move(channel)}, host_{host}, log_{log} {}
  Task<> run(Server& server) override;
  void stop() override { readable_.stop(); }
  /// The supervisor reads all the time: what does not go out at once finds nobody.
  void tell(Word kind, std::string text = {}) {
    (void)channel_.send({.message = {.kind = kind, .text = std::move(text)}});
  }

 private:
  bool read_all(Server& server);
  void take(Server& server, Parcel parcel);
  void reload(Server& server, const Incoming& bundle);

  Channel channel_;
  Host& host_;
  const PassedLog& log_;
  Readable readable_;
  std::optional<Incoming> incoming_;
  std::string broken_;  ///< Why the bundle that is coming in cannot be used.
};

Task<> SupervisorWatch::run(Server& server) {
  for (;;) {
    const bool more = co_await readable_.wait(channel_.descriptor());
    if (!more) co_return;
    if (read_all(server)) continue;
    if (!server.stopping()) host_.logger().error("the supervisor is gone");
    server.ask_to_stop();
    co_return;
  }
}

/// False: the channel is closed.
bool SupervisorWatch::read_all(Server& server) {
  for (;;) {
    auto got = channel_.receive();
    if (!got && (got.error().code == Errc::peer_closed || got.error().code == Errc::io_failed))
      return false;
    if (!got) {
      broken_ = got.error().detail;
      continue;
    }
    auto& parcel = *got;
    if (!parcel) return true;
    take(server, *std::move(parcel));
  }
}

void SupervisorWatch::take(Server& server, Parcel parcel) {
  switch (parcel.message.kind) {
    case Word::stop:  return server.ask_to_stop();
    case Word::hurry: return server.hurry();
    case Word::log:   return log_.replace(parcel.descriptor);
    default:          break;
  }
  Incoming& bundle = incoming_ ? *incoming_ : incoming_.emplace();
  const auto complete = bundle.take(std::move(parcel));
  if (!complete) broken_ = complete.error().detail;
  if (!complete || !*complete) return;
  reload(server, bundle);
  incoming_.reset();
  broken_.clear();
}

void SupervisorWatch::reload(Server& server, const Incoming& bundle) {
  if (server.stopping()) return;
  const auto fresh = [this, &bundle]() -> Result<config::Config> {
    if (!broken_.empty()) return fail(Errc::bad_config, "from the supervisor: " + broken_);
    return bundle.config();
  };
  const auto done = host_.apply(server, fresh, bundle.reader());
  if (done) {
    tell(Word::reloaded);
  } else {
    tell(Word::refused, done.error().detail);
  }
}

/// The data directory, and what libraries read: all else came through the supervisor.
Allowed allowed_files(const config::Config& config) {
  Allowed out{.read = library_files(), .append = {}, .change = {config.directory}};
  out.read.insert(out.read.end(), config.trust_files.begin(), config.trust_files.end());
  return out;
}

Result<void> run(Channel channel) {
  Beginning beginning;
  POSTERN_CHECK(receive(channel, beginning));
  raise_descriptor_limit();
  POSTERN_TRY(auto config, beginning.bundle->config());
  PassedLog log{std::move(beginning.log)};
  Host host{log.sink(), config};
  POSTERN_TRY(auto signals, open_signals());
  POSTERN_TRY(auto snapshot, make_snapshot(std::move(config), beginning.bundle->reader()));
  confine(allowed_files(host.config()), Trade::server, host.logger());
  SupervisorWatch supervisor{std::move(channel), host, log};
  SignalWatch direct{std::move(signals), {}};
  auto sockets = beginning.bundle->take_sockets();
  beginning.bundle.reset();  // and with it the keys' texts
  Server server{std::move(snapshot), host.logger()};
  server.on_stop = [&] { supervisor.tell(Word::stopping); };
  const auto ready = [&] {
    host.logger().info("ready");
    supervisor.tell(Word::ready);
  };
  auto done = server.run(std::move(sockets), {&supervisor, &direct}, ready);
  if (done) host.logger().info("stopped");
  return done;
}

}  // namespace

int serve_supervised() {
  hold_signals();
  auto channel = Channel::adopt(kSupervisorDescriptor);
  if (!channel) return complain(channel.error());
  const auto done = run(*std::move(channel));
  return done ? 0 : complain(done.error());
}

}  // namespace postern::server
