#include "server/channel.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "vocab/try.hpp"

namespace postern::server {
namespace {

std::unexpected<Error> failed(int error) {
  const bool gone = error == EPIPE || error == ECONNRESET;
  return fail(gone ? Errc::peer_closed : Errc::io_failed, std::generic_category().message(error));
}

/// Room for one descriptor and, since the kernel rounds up, maybe another.
struct Rights {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> octets{};
};

/// All that came along: whatever is not wanted is closed.
std::vector<Descriptor> take_descriptors(msghdr& head) {
  std::vector<Descriptor> out;
  for (cmsghdr* at = CMSG_FIRSTHDR(&head); at != nullptr; at = CMSG_NXTHDR(&head, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(at) + i * sizeof(int), sizeof number);
      out.emplace_back(number);
    }
  }
  return out;
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::make() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed(errno);
  return std::pair{Channel{Descriptor{ends.at(0)}}, Channel{Descriptor{ends.at(1)}}};
}

Result<Channel> Channel::adopt(int descriptor) {
  int domain = 0;
  int type = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX ||
      ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return fail(Errc::bad_config, "this is for the supervisor alone: use `postern serve`");
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return Channel{Descriptor{descriptor}};
}

Result<bool> Channel::send(const Parcel& parcel) const {
  std::string text = encode(parcel.message);
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  Rights rights;
  if (parcel.descriptor) {
    head.msg_control = rights.octets.data();
    head.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsghdr* const at = CMSG_FIRSTHDR(&head);
    at->cmsg_level = SOL_SOCKET;
    at->cmsg_type = SCM_RIGHTS;
    at->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = parcel.descriptor.get();
    std::memcpy(CMSG_DATA(at), &number, sizeof number);
  }
  for (;;) {
    if (::sendmsg(end_.get(), &head, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
    // Too many descriptors in flight (unix(7)) is a peer that has yet to read, too.
    if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS) return false;
    if (errno != EINTR) return failed(errno);
  }
}

Result<std::optional<Parcel>> Channel::receive() const {
  std::string text(kMaxMessage, '\0');
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  Rights rights;
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = rights.octets.data();
  head.msg_controllen = rights.octets.size();
  ssize_t got = -1;
  do got = ::recvmsg(end_.get(), &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::optional<Parcel>{};
  if (got < 0) return failed(errno);
  auto descriptors = take_descriptors(head);
  if (got == 0) return fail(Errc::peer_closed, "the other end is closed");
  if ((head.msg_flags & MSG_TRUNC) != 0) return fail(Errc::too_large, "a message beyond its limit");
  POSTERN_TRY(auto message,
              decode(std::string_view{text}.substr(0, static_cast<std::size_t>(got))));
  const std::size_t wanted = carries_descriptor(message.kind) ? 1 : 0;
  if (descriptors.size() != wanted || (head.msg_flags & MSG_CTRUNC) != 0)
    return fail(Errc::bad_syntax, "a message with the wrong number of descriptors");
  Parcel out{.message = std::move(message)};
  if (wanted == 1) out.descriptor = std::move(descriptors.front());
  return out;
}

Result<Parcel> Channel::wait() const {
  for (;;) {
    pollfd ready{.fd = end_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return failed(errno);
    POSTERN_TRY(auto parcel, receive());
    if (parcel) return *std::move(parcel);
  }
}

}  // namespace postern::server
