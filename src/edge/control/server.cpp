#include "control/server.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/write.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "async/task_group.hpp"
#include "control/client.hpp"
#include "control/socket_path.hpp"
#include "vocab/try.hpp"

namespace postern::control {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRest = 100ms;
constexpr std::string_view kTooLarge =
    R"({"ok":false,"error":"the request is larger than 1 MiB","code":"too_large"})"
    "\n";
constexpr std::string_view kBug =
    R"({"ok":false,"error":"a bug: the server's log has the words","code":"io_failed"})"
    "\n";

/// Takes away a socket that was left behind; nothing else.
Result<void> make_room(const std::filesystem::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return socket_failure(Errc::io_failed, path, errno);
  }
  if (!S_ISSOCK(found.st_mode))
    return fail(Errc::bad_config, path.string() + " is no socket: move it away");
  const auto answer = call(path, "{}");
  if (answer || answer.error().code != Errc::not_found)
    return fail(Errc::conflict, path.string() + ": another server answers there");
  if (::unlink(path.c_str()) != 0) return socket_failure(Errc::io_failed, path, errno);
  return {};
}

}  // namespace

/// One peer. Its timer is its time limit.
class Server::Connection final : public Timers::Timer {
 public:
  Connection(Core& core, Socket socket, const bool& stopped)
      : core_{core}, socket_{std::move(socket)}, stopped_{stopped} {}

  /// `too_large`; `peer_closed` at its end or ours.
  Task<Result<std::string>> read_line() {
    core_.timers.arm_after(*this, kPeerLimit);
    reading_ = true;
    std::array<char, 16'384> piece{};
    std::size_t seen = 0;
    for (;;) {
      const auto end = input_.find('\n', seen);
      if (end != std::string::npos) {
        std::string line = input_.substr(0, end);
        input_.erase(0, end + 1);
        reading_ = false;
        disarm();
        co_return line;
      }
      if (input_.size() > kMaxRequest) co_return fail(Errc::too_large);
      seen = input_.size();
      if (stopped_) co_return fail(Errc::shutting_down);
      const auto [error, got] =
          co_await socket_.async_read_some(asio::buffer(piece), asio::as_tuple(use_task));
      if (error) co_return fail(Errc::peer_closed);
      input_.append(piece.data(), got);
    }
  }

  Task<bool> write(std::string_view bytes) {
    while (!bytes.empty()) {
      core_.timers.arm_after(*this, kPeerLimit);
      const auto [error, sent] = co_await socket_.async_write_some(
          asio::buffer(bytes.data(), bytes.size()), asio::as_tuple(use_task));
      disarm();
      if (error) co_return false;
      bytes.remove_prefix(sent);
    }
    co_return true;
  }

  void stop_reading() {
    if (reading_) fire();
  }

 private:
  void fire() override {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

  Core& core_;
  Socket socket_;
  const bool& stopped_;
  std::string input_;
  bool reading_ = false;
};

Server::Server(Core& core, Acceptor acceptor, std::filesystem::path path, log::Logger logger)
    : core_{core},
      acceptor_{std::move(acceptor)},
      path_{std::move(path)},
      logger_{std::move(logger)},
      rest_{core} {}

Server::~Server() {
  remove_file();
}

Result<std::unique_ptr<Server>> Server::listen(Core& core, const std::filesystem::path& path,
                                               log::Logger logger) {
  POSTERN_CHECK(make_room(path));
  POSTERN_TRY(const auto where, SocketPath::of(path));
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return socket_failure(Errc::io_failed, path, errno);
  Acceptor acceptor{core.executor, Protocol{}, descriptor};
  const auto address = where.address();
  // The mode of the descriptor becomes that of the file: it is never open to others.
  if (::fchmod(descriptor, S_IRUSR | S_IWUSR) != 0 ||
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(descriptor, static_cast<int>(kMaxConnections)) != 0)
    return socket_failure(errno == EACCES ? Errc::not_permitted : Errc::io_failed, path, errno);
  return std::unique_ptr<Server>{new Server{core, std::move(acceptor), path, std::move(logger)}};
}

/// Whether the peer is root or who we are.
bool Server::welcome(Socket& socket) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return false;
  if (peer.uid == 0 || peer.uid == ::geteuid()) return true;
  logger_.warn("refused a local peer at the control socket",
               {{"uid", static_cast<std::uint64_t>(peer.uid)}});
  return false;
}

Task<> Server::serve(std::unique_ptr<Connection> connection, const Handler& handler) {
  while (!stopped_) {
    auto request = co_await connection->read_line();
    if (!request) {
      if (request.error().code == Errc::too_large) co_await connection->write(kTooLarge);
      co_return;
    }
    std::string answer;
    try {
      answer = co_await handler(*std::move(request));
      answer += '\n';
    } catch (const std::exception& bug) {
      logger_.error("a command ended in a bug", {{"what", bug.what()}});
      answer = kBug;
    }
    const bool sent = co_await connection->write(answer);
    if (!sent) co_return;
  }
}

Task<> Server::run(Handler handler) {
  TaskGroup group{core_.executor, [this](const std::exception_ptr&) {
                    logger_.error("a control connection ended in a bug");
                  }};
  std::vector<Connection*> open;
  cancel_reads_ = [&open] {
    for (auto* const connection : open) connection->stop_reading();
  };
  const auto attend = [](Server& server, std::vector<Connection*>& all,
                         std::unique_ptr<Connection> one, const Handler& answer) -> Task<> {
    auto* const raw = one.get();
    all.push_back(raw);
    co_await server.serve(std::move(one), answer);
    std::erase(all, raw);
  };
  while (!stopped_) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(use_task));
    if (stopped_) break;
    if (error) {
      logger_.warn("cannot accept control connections for now", {{"error", error.message()}});
      (void)co_await rest_.sleep(kRest);
    } else if (open.size() < kMaxConnections && welcome(socket)) {
      group.spawn(attend(
          *this, open, std::make_unique<Connection>(core_, std::move(socket), stopped_), handler));
    }
  }
  co_await group.join();
  cancel_reads_ = nullptr;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  remove_file();
}

void Server::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  acceptor_.cancel(ignored);
  rest_.cancel();
  if (cancel_reads_) cancel_reads_();
}

void Server::remove_file() {
  if (std::exchange(there_, false)) ::unlink(path_.c_str());
}

}  // namespace postern::control
