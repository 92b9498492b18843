#include "net/listener.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tcp_stream.hpp"
#include "vocab/try.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

constexpr int kPerTurn = 32;  ///< Connections taken before the others on this core get their turn.
constexpr Duration kRest = 100ms;

/// A connected descriptor on its way to another core.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_{value} {}
  Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

std::unexpected<Error> refused(const Endpoint& at, const boost::system::error_code& error) {
  const std::string where = "port " + std::to_string(at.port) + " on " + at.ip.to_string();
  if (error == asio::error::address_in_use)
    return fail(Errc::bad_config, where + " is in use by another program");
  if (error == asio::error::access_denied)
    return fail(Errc::bad_config, where + " needs privileges (CAP_NET_BIND_SERVICE)");
  if (error.value() == EADDRNOTAVAIL)
    return fail(Errc::bad_config, where + ": this machine does not have the address");
  return fail(Errc::bad_config, where + ": " + error.message());
}

/// The peer went away before it was served; others may be waiting behind it.
bool is_passing(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN ||
         error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
}

}  // namespace

CoreSet::CoreSet(std::vector<Core*> cores)
    : seats_{std::make_shared<std::vector<Seat>>(cores.size())} {
  for (std::size_t i = 0; i < cores.size(); ++i) (*seats_)[i].core = cores[i];
}

CoreSet::Place CoreSet::least_loaded() {
  const std::size_t count = seats_->size();
  const std::size_t first = next_.fetch_add(1, std::memory_order_relaxed) % count;
  Seat* best = &(*seats_)[first];
  for (std::size_t i = 1; i < count; ++i) {
    Seat& seat = (*seats_)[(first + i) % count];
    if (seat.taken < best->taken) best = &seat;
  }
  ++best->taken;
  const auto leave = [seats = seats_, best](void*) { --best->taken; };
  return {best->core, std::shared_ptr<void>{best, leave}};
}

std::size_t CoreSet::connections() const {
  std::size_t sum = 0;
  for (const Seat& seat : *seats_) sum += seat.taken;
  return sum;
}

Listener::Listener(Core& core, Acceptor acceptor, Endpoint local)
    : acceptor_{std::move(acceptor)}, local_{local}, rest_{core} {}

Result<std::unique_ptr<Listener>> Listener::bind(Core& core, Endpoint at) {
  boost::system::error_code error;
  Acceptor acceptor{core.executor};
  const auto where = to_asio(at);
  acceptor.open(where.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address{true}, error);
  // `::` beside `0.0.0.0` rather than instead of it: each family is asked for by name.
  if (!error && at.ip.is_v6()) acceptor.set_option(asio::ip::v6_only{true}, error);
  if (!error) acceptor.bind(where, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) return refused(at, error);
  const Endpoint local = to_endpoint(acceptor.local_endpoint(error));
  if (error) return refused(at, error);
  return std::unique_ptr<Listener>{new Listener{core, std::move(acceptor), local}};
}

Result<std::unique_ptr<Listener>> Listener::adopt(Core& core, int descriptor) {
  Descriptor owner{descriptor};
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const bool socket = ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (!socket || (address.ss_family != AF_INET && address.ss_family != AF_INET6))
    return fail(Errc::bad_config,
                "descriptor " + std::to_string(descriptor) + " is not a TCP socket");
  boost::system::error_code error;
  Acceptor acceptor{core.executor};
  acceptor.assign(address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                  descriptor, error);
  if (error) return fail(Errc::bad_config, error.message());
  (void)owner.release();
  const Endpoint local = to_endpoint(acceptor.local_endpoint(error));
  if (!error) acceptor.non_blocking(true, error);
  if (error) return refused(local, error);
  return std::unique_ptr<Listener>{new Listener{core, std::move(acceptor), local}};
}

bool Listener::hand_over(CoreSet& cores, const OnAccept& on_accept, int& error) {
  const int got =
      ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (got < 0) {
    error = errno;
    return is_passing(error);
  }
  auto place = cores.least_loaded();
  Core& core = *place.core;
  asio::post(core.executor, [&core, on_accept, descriptor = Descriptor{got},
                             hold = std::move(place.hold)]() mutable {
    auto stream = adopt_tcp_stream(core, descriptor.release(), std::move(hold));
    if (stream) on_accept(core, *std::move(stream));
  });
  return true;
}

Task<> Listener::run(CoreSet& cores, OnAccept on_accept, log::Logger logger) {
  while (!stopped_) {
    const auto [failed] =
        co_await acceptor_.async_wait(Acceptor::wait_read, asio::as_tuple(use_task));
    int error = 0;
    for (int i = 0; !failed && !stopped_ && i < kPerTurn; ++i) {
      if (!hand_over(cores, on_accept, error)) break;
    }
    const bool idle = error == 0 || error == EAGAIN || is_passing(error);
    if (stopped_ || (idle && !failed)) continue;
    logger.warn("cannot accept connections for now",
                {{"port", local_.port},
                 {"error", failed ? failed.message() : std::generic_category().message(error)}});
    (void)co_await rest_.sleep(kRest);
  }
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void Listener::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  acceptor_.cancel(ignored);
  rest_.cancel();
}

}  // namespace postern::net
