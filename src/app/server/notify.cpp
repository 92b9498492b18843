#include "server/notify.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "text/ascii.hpp"

namespace postern::server {
namespace {

/// systemd shows it in one line of `systemctl status`.
constexpr std::size_t kMaxStatus = 500;

}  // namespace

Notifier Notifier::from_environment() {
  Notifier out;
  const char* const path = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe)
  if (path == nullptr) return out;
  const std::string name{path};
  ::unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): no thread yet
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() >= sizeof address.sun_path) return out;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  Descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  // Nobody there is not our failure: the service runs without a manager, too.
  if (socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0)
    out.socket_ = std::move(socket);
  return out;
}

void Notifier::ready() const {
  tell("READY=1\nSTATUS=serving\n");
}

void Notifier::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto micros = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                      static_cast<std::uint64_t>(now.tv_nsec) / 1000;
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reloading\n", micros));
}

void Notifier::reloaded(std::string_view status) const {
  tell(fmt::format("READY=1\nSTATUS={}\n", one_line(status)));
}

void Notifier::stopping() const {
  tell("STOPPING=1\nSTATUS=shutting down\n");
}

void Notifier::tell(const std::string& lines) const {
  if (socket_) (void)::send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::string one_line(std::string_view text) {
  std::string out{text.substr(0, kMaxStatus)};
  for (char& c : out) {
    if (text::is_control(c)) c = ' ';
  }
  return out;
}

}  // namespace postern::server
