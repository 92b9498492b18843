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
#include "net/tls_session.hpp"
#include "vocab/try.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

constexpr int kPerTurn = 32;  ///< Connections taken before the others on this core get their turn.
constexpr Duration kRest = 100ms;
constexpr Duration kQuiet = 1min;

/// A connected descriptor on its way to another core.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_{value} {}
  Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int value() const { return value_; }
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

int accept_connection(int listening) {
  return ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// The peer went away before it was served; others may be waiting behind it.
bool is_passing(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN ||
         error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
}

}  // namespace

CoreSet::CoreSet(std::vector<Core*> cores, std::size_t limit)
    : seats_{std::make_shared<Seats>(cores.size())}, limit_{limit} {
  for (std::size_t i = 0; i < cores.size(); ++i) seats_->of_core[i].core = cores[i];
}

std::optional<CoreSet::Place> CoreSet::least_loaded() {
  if (seats_->taken.fetch_add(1) >= limit_ && limit_ != 0) {
    --seats_->taken;
    ++refused_;
    return std::nullopt;
  }
  auto& seats = seats_->of_core;
  const std::size_t first = next_.fetch_add(1, std::memory_order_relaxed) % seats.size();
  Seat* best = &seats[first];
  for (std::size_t i = 1; i < seats.size(); ++i) {
    Seat& seat = seats[(first + i) % seats.size()];
    if (seat.taken < best->taken) best = &seat;
  }
  ++best->taken;
  const auto leave = [all = seats_, best](void*) {
    --best->taken;
    --all->taken;
  };
  return Place{best->core, std::shared_ptr<void>{best, leave}};
}

std::size_t CoreSet::connections() const {
  return seats_->taken;
}

Listener::Listener(Core& core, Acceptor acceptor, Endpoint local)
    : core_{core},
      acceptor_{std::move(acceptor)},
      accept_{accept_connection},
      local_{local},
      rest_{core} {}

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
  if (!socket || (address.ss_family != AF_INET && address.ss_family != AF_INET6)) {
    return fail(Errc::bad_config,
                "descriptor " + std::to_string(descriptor) + " is not a TCP socket");
  }
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

Listener::Turn Listener::hand_over(CoreSet& cores, const OnAccept& on_accept,
                                   std::string_view refusal) {
  Descriptor got{accept_(acceptor_.native_handle())};
  if (got.value() < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Turn::none;
    return is_passing(errno) ? Turn::passing : Turn::exhausted;
  }
  auto place = cores.least_loaded();
  if (!place) {
    (void)send_clear(got.value(), refusal);
    return Turn::refused;
  }
  Core& core = *place->core;
  asio::post(core.executor, [&core, on_accept, descriptor = std::move(got),
                             hold = std::move(place->hold)]() mutable {
    auto stream = adopt_tcp_stream(core, descriptor.release(), std::move(hold));
    if (stream) on_accept(core, *std::move(stream));
  });
  return Turn::handed_over;
}

void Listener::warn(const log::Logger& logger, log::Message message, std::string_view why) {
  ++unsaid_;
  const Instant now = core_.clock.instant();
  if (quiet_until_ && now < *quiet_until_) return;
  quiet_until_ = now + kQuiet;
  logger.warn(message, {{"port", local_.port}, {"why", why}, {"times", std::exchange(unsaid_, 0)}});
}

Task<> Listener::run(CoreSet& cores, OnAccept on_accept, log::Logger logger, std::string refusal) {
  while (!stopped_) {
    const auto [failed] =
        co_await acceptor_.async_wait(Acceptor::wait_read, asio::as_tuple(use_task));
    Turn turn = Turn::none;
    for (int i = 0; !failed && !stopped_ && i < kPerTurn; ++i) {
      turn = hand_over(cores, on_accept, refusal);
      if (turn == Turn::refused) warn(logger, "connections refused", "all places are taken");
      if (turn == Turn::none || turn == Turn::exhausted) break;
    }
    if (stopped_ || (!failed && turn != Turn::exhausted)) continue;
    // Were it tried again at once it would fail again at once, and take this core's time.
    const std::string why = failed ? failed.message() : std::generic_category().message(errno);
    warn(logger, "cannot accept connections for now", why);
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
