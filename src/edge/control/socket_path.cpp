#include "control/socket_path.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace postern::control {
namespace {

constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

Errc code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return Errc::not_found;
  return error == EACCES || error == EPERM ? Errc::not_permitted : Errc::io_failed;
}

}  // namespace

std::unexpected<Error> socket_failure(Errc code, const std::filesystem::path& path, int error) {
  return fail(code, path.string() + ": " + std::generic_category().message(error));
}

Result<SocketPath> SocketPath::of(const std::filesystem::path& path) {
  if (path.native().size() <= kMaxPath) return SocketPath{path.native(), -1};
  const auto folder = path.parent_path();
  const int descriptor = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return socket_failure(code_of(errno), folder, errno);
  SocketPath out{"/proc/self/fd/" + std::to_string(descriptor) + "/" + path.filename().string(),
                 descriptor};
  if (out.text().size() > kMaxPath)
    return fail(Errc::bad_config, path.string() + ": too long a name for a socket");
  return out;
}

SocketPath::SocketPath(SocketPath&& other) noexcept
    : text_{std::move(other.text_)}, folder_{std::exchange(other.folder_, -1)} {}

SocketPath::~SocketPath() {
  if (folder_ >= 0) ::close(folder_);
}

sockaddr_un SocketPath::address() const {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  std::copy_n(text_.begin(), std::min(text_.size(), kMaxPath), std::begin(out.sun_path));
  return out;
}

}  // namespace postern::control
