#include "server/supervisor.hpp"

#include <array>
#include <cerrno>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "async/clock.hpp"
#include "log/log.hpp"
#include "server/bundle.hpp"
#include "server/child.hpp"
#include "server/host.hpp"
#include "server/notify.hpp"
#include "server/signals.hpp"
#include "server/supervisor_log.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

using Word = Message::Kind;

constexpr int kMessagesAtOnce = 1000;

class Supervisor {
 public:
  Supervisor(std::string config_file, Child child, Descriptor signals, SupervisorLog& log,
             const Notifier& notifier)
      : config_file_{std::move(config_file)},
        child_{std::move(child)},
        signals_{std::move(signals)},
        log_{log},
        notifier_{notifier} {}

  void send(Parcel parcel) { outgoing_.push_back(std::move(parcel)); }
  /// Till the server ended; the exit status.
  int run();

 private:
  void turn();
  void flush();
  void read_all();
  void take(const Message& message);
  void reload();
  void refuse(const std::string& why);
  void finish_reload(const std::string& status);
  void stop();
  void collect();
  int status() const;

  const std::string config_file_;
  Child child_;
  Descriptor signals_;
  SupervisorLog& log_;
  const Notifier& notifier_;
  std::deque<Parcel> outgoing_;
  bool heard_ = true;  ///< The server's end of the channel is open.
  bool ready_ = false;
  bool reloading_ = false;  ///< A bundle is on its way or being looked at.
  bool again_ = false;      ///< SIGHUP came meanwhile.
  bool stop_asked_ = false;
  bool signalled_ = false;    ///< It was us who were asked.
  std::optional<int> ended_;  ///< As waitpid(2) tells.
};

int Supervisor::run() {
  while (!ended_) turn();
  return status();
}

void Supervisor::turn() {
  flush();
  const short wanted = outgoing_.empty() ? POLLIN : POLLIN | POLLOUT;
  std::array<pollfd, 2> ready = {
      pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
      pollfd{.fd = heard_ ? child_.channel.descriptor() : -1, .events = wanted, .revents = 0}};
  if (::poll(ready.data(), ready.size(), -1) < 0) return;
  if (ready.at(1).revents != 0) read_all();
  const auto waiting = all_signals(signals_);
  if (waiting.child) collect();
  if (waiting.end) stop();
  again_ = again_ || waiting.reload;
  if (ready_ && again_ && !reloading_) reload();
}

void Supervisor::flush() {
  while (!outgoing_.empty() && heard_) {
    const auto sent = child_.channel.send(outgoing_.front());
    if (!sent) {
      heard_ = false;  // its end will be told by SIGCHLD
    } else if (!*sent) {
      return;
    } else {
      outgoing_.pop_front();
    }
  }
}

/// More than a channel holds, but not for ever: who talks without end does not keep us from
/// signals.
void Supervisor::read_all() {
  for (int n = 0; heard_ && n < kMessagesAtOnce; ++n) {
    const auto got = child_.channel.receive();
    if (!got && (got.error().code == Errc::peer_closed || got.error().code == Errc::io_failed)) {
      heard_ = false;
    } else if (!got) {
      log_.logger().warn("the server says what makes no sense", {{"what", got.error().detail}});
    } else {
      const auto& parcel = *got;
      if (!parcel) return;
      take(parcel->message);
    }
  }
}

/// The server may be in an attacker's hands: nothing it says makes us open, run or end anything.
void Supervisor::take(const Message& message) {
  switch (message.kind) {
    case Word::ready:
      ready_ = true;
      notifier_.ready();
      break;
    case Word::reloaded: finish_reload("serving"); break;
    case Word::refused:  finish_reload("reload refused: " + message.text); break;
    case Word::stopping:
      stop_asked_ = true;
      notifier_.stopping();
      break;
    default: log_.logger().warn("the server says what only we may say"); break;
  }
  if (ready_ && again_ && !reloading_) reload();
}

void Supervisor::reload() {
  again_ = false;
  if (stop_asked_ || ended_) return;
  notifier_.reloading();
  // The log first: it follows rotation though the configuration may be unusable.
  if (auto fresh = log_.reopen()) send(*std::move(fresh));
  try {
    auto bundle = read_bundle(config_file_);
    if (!bundle) return refuse(bundle.error().detail);
    for (auto& parcel : bundle->parcels) send(std::move(parcel));
    send({.message = {.kind = Word::end}});
    reloading_ = true;
  } catch (const std::exception& bug) {
    refuse(bug.what());
  }
}

void Supervisor::refuse(const std::string& why) {
  log_.logger().error("reload refused, the old configuration stays", {{"why", log::Detail{why}}});
  notifier_.reloaded("reload refused: " + why);
}

void Supervisor::finish_reload(const std::string& status) {
  if (!reloading_) return;
  reloading_ = false;
  notifier_.reloaded(status);
}

void Supervisor::stop() {
  send({.message = {.kind = signalled_ ? Word::hurry : Word::stop}});
  if (!stop_asked_) notifier_.stopping();
  stop_asked_ = true;
  signalled_ = true;
}

void Supervisor::collect() {
  int status = 0;
  if (::waitpid(child_.process, &status, WNOHANG) != child_.process) return;
  read_all();  // its last words
  ended_ = status;
}

int Supervisor::status() const {
  const int status = ended_.value_or(0);
  if (WIFSIGNALED(status)) {
    log_.logger().error("the server was killed", {{"signal", WTERMSIG(status)}});
    return 1;
  }
  const int code = WEXITSTATUS(status);
  if (!stop_asked_) log_.logger().error("the server ended by itself", {{"status", code}});
  return stop_asked_ || code != 0 ? code : 1;
}

Result<int> run(const std::string& config_file) {
  const auto notifier = Notifier::from_environment();
  POSTERN_TRY(auto signals, open_signals());
  POSTERN_TRY(auto bundle, read_bundle(config_file));
  const auto& config = bundle.config;
  POSTERN_TRY(const auto account, placed(find_account(config.user), config, "user"));
  POSTERN_TRY(auto log, placed(SupervisorLog::open(config), config, "log.file"));
  POSTERN_TRY(auto sockets, bind_all(config));
  POSTERN_CHECK(placed(prepare_directory(config.directory, &account), config, "storage.directory"));
  POSTERN_TRY(auto child, start_server(account));
  Supervisor supervisor{config_file, std::move(child), std::move(signals), *log, notifier};
  if (auto file = log->passed()) supervisor.send(*std::move(file));
  for (auto& parcel : bundle.parcels) supervisor.send(std::move(parcel));
  for (const auto& socket : sockets) {
    supervisor.send({.message = {.kind = Word::socket, .text = std::string{to_string(socket.kind)}},
                     .descriptor = Descriptor{socket.descriptor}});
  }
  supervisor.send({.message = {.kind = Word::end}});
  if (!keep_only_file_access()) log->logger().warn("root's other powers could not be given up");
  Allowed allowed{.read = {"/"}, .append = {}, .change = {}, .abstract_sockets = true};
  if (!config.log_file.empty()) allowed.append = {log_folder(config)};
  confine(allowed, Trade::supervisor, log->logger());
  return supervisor.run();
}

}  // namespace

int supervise(const std::string& config_file) {
  const auto status = run(config_file);
  return status ? *status : complain(status.error());
}

}  // namespace postern::server
