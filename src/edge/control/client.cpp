#include "control/client.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/time.h>
#include <unistd.h>

#include "control/socket_path.hpp"
#include "vocab/try.hpp"

namespace postern::control {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{256} << 20U;
constexpr timeval kLimit{.tv_sec = 10, .tv_usec = 0};

class Connection {
 public:
  static Result<Connection> open(const std::filesystem::path& path) {
    POSTERN_TRY(const auto where, SocketPath::of(path));
    Connection out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (out.descriptor_ < 0) return socket_failure(Errc::io_failed, path, errno);
    ::setsockopt(out.descriptor_, SOL_SOCKET, SO_SNDTIMEO, &kLimit, sizeof kLimit);
    const auto address = where.address();
    if (::connect(out.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
        0)
      return out;
    return socket_failure(why(errno), path, errno);
  }
  Connection(Connection&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  Result<void> send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return lost(errno);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Result<std::string> read_line() const {
    std::string out;
    std::array<char, 65'536> piece{};
    while (out.size() < kMaxAnswer) {
      const auto got = ::recv(descriptor_, piece.data(), piece.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return lost(got == 0 ? ECONNRESET : errno);
      out.append(piece.data(), static_cast<std::size_t>(got));
      if (out.back() != '\n') continue;
      out.pop_back();
      return out;
    }
    return fail(Errc::too_large, "the server's answer has no end");
  }

 private:
  explicit Connection(int descriptor) : descriptor_{descriptor} {}

  static Errc why(int error) {
    switch (error) {
      case ENOENT:
      case ENOTDIR:
      case ECONNREFUSED: return Errc::not_found;
      case EACCES:
      case EPERM:        return Errc::not_permitted;
      case EAGAIN:       return Errc::peer_timeout;
      default:           return Errc::io_failed;
    }
  }
  static std::unexpected<Error> lost(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK)
      return fail(Errc::peer_timeout, "the server does not take requests");
    return fail(Errc::peer_closed, "the server went away before it had answered");
  }

  int descriptor_;
};

}  // namespace

Result<std::string> call(const std::filesystem::path& path, std::string_view request) {
  POSTERN_TRY(const auto connection, Connection::open(path));
  POSTERN_CHECK(connection.send(std::string{request} + '\n'));
  return connection.read_line();
}

}  // namespace postern::control
