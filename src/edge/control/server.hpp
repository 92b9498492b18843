#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "async/core.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"
#include "log/log.hpp"
#include "vocab/result.hpp"

// How commands reach a running server: a Unix socket of mode 0600 that answers root and the
// server's own user (SO_PEERCRED, unix(7)) and nobody else. A request is one line of JSON, and so
// is its answer; a connection may ask again and again.
namespace postern::control {

/// Octets of one request, its line end left out.
inline constexpr std::size_t kMaxRequest = std::size_t{1} << 20U;
/// How long a peer may take for its request, and to take some of the answer. What the answer
/// costs us has no limit.
inline constexpr Duration kPeerLimit = std::chrono::seconds{30};
inline constexpr std::size_t kMaxConnections = 32;

/// Makes the answer to a request; neither holds a line end.
using Handler = std::function<Task<std::string>(std::string request)>;

/// Everything on the core it was made with.
class Server {
 public:
  /// Makes the socket. One that nobody listens on is replaced; call this holding the store's lock,
  /// so that no other server is about to do the same. `conflict`: a server answers there.
  /// `bad_config`: something that is no socket has the name. `not_found`, `not_permitted`,
  /// `io_failed`.
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(Core& core,
                                                              const std::filesystem::path& path,
                                                              log::Logger logger);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Answers till `stop`, then waits for the requests under way and removes the socket.
  Task<> run(Handler handler);
  /// No more requests: `run` ends once the answers under way are given.
  void stop();

 private:
  using Protocol = asio::local::stream_protocol;
  using Socket = asio::basic_stream_socket<Protocol, Executor>;
  using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
  class Connection;

  Server(Core& core, Acceptor acceptor, std::filesystem::path path, log::Logger logger);
  Task<> serve(std::unique_ptr<Connection> connection, const Handler& handler);
  [[nodiscard]] bool welcome(Socket& socket) const;
  void remove_file();

  Core& core_;
  Acceptor acceptor_;
  std::filesystem::path path_;
  log::Logger logger_;
  Sleeper rest_;
  std::function<void()> cancel_reads_;
  bool stopped_ = false;
  bool there_ = true;
};

}  // namespace postern::control
