#include "server/sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text/ascii.hpp"

namespace postern::server {
namespace {

constexpr int kFirstPassed = 3;  // sd_listen_fds(3)
constexpr int kMostPassed = 1000;
constexpr int kBacklog = 4096;

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

RawAddress to_raw(const net::Endpoint& at) {
  RawAddress out;
  const auto octets = at.ip.octets();
  if (at.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(at.port);
    std::memcpy(&v4.sin_addr, octets.data(), octets.size());
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(at.port);
    std::memcpy(&v6.sin6_addr, octets.data(), octets.size());
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

/// The sockets systemd passed, by address.
std::vector<std::pair<RawAddress, int>> passed_sockets() {
  std::vector<std::pair<RawAddress, int>> out;
  const char* const pid = std::getenv("LISTEN_PID");    // NOLINT(concurrency-mt-unsafe): one thread
  const char* const count = std::getenv("LISTEN_FDS");  // NOLINT(concurrency-mt-unsafe)
  if (pid == nullptr || count == nullptr) return out;
  if (text::parse_number<unsigned>(pid) != static_cast<unsigned>(::getpid())) return out;
  const auto n = static_cast<int>(
      std::min(text::parse_number<unsigned>(count).value_or(0), unsigned{kMostPassed}));
  for (int fd = kFirstPassed; fd < kFirstPassed + n; ++fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    RawAddress address;
    if (::getsockname(fd, address.raw(), &address.size) == 0) out.emplace_back(address, fd);
  }
  return out;
}

bool same(RawAddress a, RawAddress b) {
  return a.size == b.size && std::memcmp(&a.storage, &b.storage, a.size) == 0;
}

std::string shown(const net::Endpoint& at) {
  return at.ip.is_v4() ? fmt::format("{}:{}", at.ip.to_string(), at.port)
                       : fmt::format("[{}]:{}", at.ip.to_string(), at.port);
}

std::string reason(const net::Endpoint& at, Kind kind, int error) {
  const auto what = fmt::format("cannot listen on {} for {}: ", shown(at), to_string(kind));
  switch (error) {
    case EADDRINUSE:
      return what +
             fmt::format("another program has this port (see: ss -ltnp 'sport = :{}')", at.port);
    case EACCES: return what + "ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return what + "this machine has no such address; leave it out for all of them";
    default: return what + std::strerror(error);  // NOLINT(concurrency-mt-unsafe): one thread yet
  }
}

/// `not_found`: this machine has no such address.
std::unexpected<Error> refused(const net::Endpoint& at, Kind kind, int error) {
  const bool missing = error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
  return fail(missing ? Errc::not_found : Errc::bad_config, reason(at, kind, error));
}

Result<int> open_socket(const net::Endpoint& at, Kind kind) {
  const int family = at.ip.is_v4() ? AF_INET : AF_INET6;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refused(at, kind, errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  auto raw = to_raw(at);
  if (::bind(fd, raw.raw(), raw.size) != 0 || ::listen(fd, kBacklog) != 0) {
    const int error = errno;
    ::close(fd);
    return refused(at, kind, error);
  }
  return fd;
}

Result<int> take_or_open(const net::Endpoint& at, Kind kind,
                         std::vector<std::pair<RawAddress, int>>& passed) {
  for (auto it = passed.begin(); it != passed.end(); ++it) {
    if (!same(it->first, to_raw(at))) continue;
    const int fd = it->second;
    passed.erase(it);
    return fd;
  }
  return open_socket(at, kind);
}

/// A machine without IPv6 still serves ":25" on IPv4.
bool may_be_missing(const net::Endpoint& at) {
  return at.ip.is_v6() && at.ip.is_unspecified();
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::smtp:        return "smtp";
    case Kind::submission:  return "submission";
    case Kind::submissions: return "submissions";
    case Kind::imap:        return "imap";
    case Kind::imaps:       return "imaps";
    case Kind::metrics:     return "metrics";
  }
  std::unreachable();
}

std::optional<Kind> kind_from(std::string_view name) {
  for (const auto kind :
       {Kind::smtp, Kind::submission, Kind::submissions, Kind::imap, Kind::imaps, Kind::metrics}) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

Result<std::vector<Socket>> bind_all(const config::Config& config) {
  const auto& listeners = config.listeners;
  const std::pair<Kind, const std::vector<net::Endpoint>*> wanted[] = {
      {Kind::smtp, &listeners.smtp},
      {Kind::submission, &listeners.submission},
      {Kind::submissions, &listeners.submissions},
      {Kind::imap, &listeners.imap},
      {Kind::imaps, &listeners.imaps},
      {Kind::metrics, &listeners.metrics}};
  auto passed = passed_sockets();
  std::vector<Socket> out;
  std::string wrong;
  for (const auto& [kind, endpoints] : wanted) {
    for (const auto& at : *endpoints) {
      const auto fd = take_or_open(at, kind, passed);
      if (fd) {
        out.push_back({.kind = kind, .descriptor = *fd});
      } else if (!may_be_missing(at) || fd.error().code != Errc::not_found) {
        wrong += wrong.empty() ? "" : "\n";
        wrong += config.where(fmt::format("listeners.{}", to_string(kind))) + fd.error().detail;
      }
    }
  }
  for (const auto& [address, fd] : passed) ::close(fd);
  if (wrong.empty()) return out;
  for (const auto& socket : out) ::close(socket.descriptor);
  return fail(Errc::bad_config, wrong);
}

}  // namespace postern::server
