#include "net/tcp_stream.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_session.hpp"
#include "vocab/try.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using Is = IoStep::Is;

constexpr std::size_t kScratch = 64 * 1024;
/// Reads in a row that found bytes at once before the others on this core get their turn.
constexpr int kReadsPerTurn = 16;
constexpr Duration kKeeperLimit = 2s;
constexpr std::size_t kDrain = 256 * 1024;

/// Every stream of a thread reads into the same buffer, so that an idle one holds none: the only
/// mutable state that is not owned by a session, empty of meaning between two awaits.
std::span<char> scratch() {
  thread_local const auto buffer = std::make_unique<std::array<char, kScratch>>();
  return *buffer;
}

class TcpStream final : public Stream {
 public:
  TcpStream(Core& core, TcpSocket socket, Endpoint peer, Endpoint local, std::shared_ptr<void> hold)
      : core_{core},
        socket_{std::move(socket)},
        peer_{peer},
        local_{local},
        hold_{std::move(hold)} {}

  Task<Result<std::string_view>> read(Duration limit) override;
  Task<Result<void>> write(std::string_view bytes, Duration limit) override;
  Task<Result<void>> accept_tls(std::shared_ptr<const TlsContext> context, Duration limit) override;
  Task<Result<void>> connect_tls(std::shared_ptr<const TlsContext> context,
                                 TlsClientOptions options, Duration limit) override;
  [[nodiscard]] const TlsInfo* tls() const override { return in_tls_ ? &tls_->info() : nullptr; }
  [[nodiscard]] std::optional<std::string> tls_exporter(std::string_view label,
                                                        std::size_t octets) const override {
    return in_tls_ ? tls_->exporter(label, octets) : std::nullopt;
  }
  [[nodiscard]] Endpoint peer() const override { return peer_; }
  [[nodiscard]] Endpoint local() const override { return local_; }
  void wake() override {
    woken_ = true;
    if (reading_) cancel();
  }
  void stop(Errc why) override {
    if (!stopped_) stopped_ = why;
    cancel();
  }
  void close() override;

 private:
  /// Ends a wait of this stream when its time has come.
  class Alarm final : public Timers::Timer {
   public:
    explicit Alarm(TcpStream& stream) : stream_{stream} {}
    [[nodiscard]] bool rang() const { return rang_; }

   private:
    void fire() override {
      rang_ = true;
      stream_.cancel();
    }
    TcpStream& stream_;
    bool rang_ = false;
  };

  [[nodiscard]] Result<void> usable() const {
    if (stopped_) return fail(*stopped_);
    if (tls_ && !in_tls_) return fail(Errc::tls_failed, "after a failed handshake");
    return {};
  }
  [[nodiscard]] static std::unexpected<Error> end_of(IoStep step) {
    return fail(step.is == Is::failed ? Errc::tls_failed : Errc::peer_closed,
                std::move(step.detail));
  }
  void cancel() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

  Task<Result<void>> handshake(Duration limit);
  /// Waits for what `step` asks for. Done also when another operation's end disturbed the wait: try
  /// again and see. `peer_timeout` at `deadline`.
  Task<Result<void>> wait(const IoStep& step, Instant deadline);
  Task<Result<void>> wait_for_keeper();

  Core& core_;
  TcpSocket socket_;
  Endpoint peer_;
  Endpoint local_;
  std::shared_ptr<void> hold_;
  std::unique_ptr<TlsSession> tls_;
  std::optional<Errc> stopped_;
  bool in_tls_ = false;  ///< The handshake is done.
  bool woken_ = false;
  bool reading_ = false;
  int reads_at_once_ = 0;
};

Task<Result<void>> TcpStream::wait(const IoStep& step, Instant deadline) {
  if (step.is == Is::want_async) co_return co_await wait_for_keeper();
  const auto what = step.is == Is::want_read ? TcpSocket::wait_read : TcpSocket::wait_write;
  Alarm alarm{*this};
  core_.timers.arm(alarm, deadline);
  const auto [error] = co_await socket_.async_wait(what, asio::as_tuple(use_task));
  if (alarm.rang() && error) co_return fail(Errc::peer_timeout);
  if (error && error != asio::error::operation_aborted)
    co_return fail(Errc::peer_closed, error.message());
  co_return Result<void>{};
}

/// A private key that lives elsewhere is being asked (SSL_MODE_ASYNC).
Task<Result<void>> TcpStream::wait_for_keeper() {
  using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
  struct Limit final : Timers::Timer {
    explicit Limit(Descriptor& waited) : descriptor{waited} {}
    void fire() override {
      boost::system::error_code ignored;
      descriptor.cancel(ignored);
    }
    Descriptor& descriptor;
  };
  const int theirs = tls_->async_descriptor();
  const int ours = theirs < 0 ? -1 : ::dup(theirs);
  if (ours < 0) co_return fail(Errc::tls_failed, "the key's keeper cannot be waited for");
  Descriptor descriptor{core_.executor, ours};
  Limit limit{descriptor};
  core_.timers.arm_after(limit, kKeeperLimit);
  const auto [error] =
      co_await descriptor.async_wait(Descriptor::wait_read, asio::as_tuple(use_task));
  if (error) co_return fail(Errc::tls_failed, "the key's keeper did not answer");
  co_return Result<void>{};
}

Task<Result<std::string_view>> TcpStream::read(Duration limit) {
  if (++reads_at_once_ > kReadsPerTurn) {
    reads_at_once_ = 0;
    co_await asio::post(core_.executor, use_task);
  }
  std::optional<Instant> deadline;
  for (;;) {
    POSTERN_CO_CHECK(usable());
    if (std::exchange(woken_, false)) co_return fail(Errc::woken);
    const auto buffer = scratch();
    IoStep step = tls_ ? tls_->read(buffer) : receive_clear(socket_.native_handle(), buffer);
    if (step.is == Is::done) co_return std::string_view{buffer.data(), step.octets};
    if (step.is == Is::ended || step.is == Is::failed) co_return end_of(std::move(step));
    if (!deadline) deadline = core_.clock.instant() + limit;
    reads_at_once_ = 0;
    reading_ = true;
    const auto waited = co_await wait(step, *deadline);
    reading_ = false;
    POSTERN_CO_CHECK(waited);
  }
}

Task<Result<void>> TcpStream::write(std::string_view bytes, Duration limit) {
  std::optional<Instant> deadline;
  while (!bytes.empty()) {
    POSTERN_CO_CHECK(usable());
    IoStep step = tls_ ? tls_->write(bytes) : send_clear(socket_.native_handle(), bytes);
    if (step.is == Is::ended || step.is == Is::failed) co_return end_of(std::move(step));
    if (step.is == Is::done) {
      bytes.remove_prefix(step.octets);
      deadline.reset();
      continue;
    }
    if (!deadline) deadline = core_.clock.instant() + limit;
    POSTERN_CO_CHECK(co_await wait(step, *deadline));
  }
  co_return usable();
}

Task<Result<void>> TcpStream::handshake(Duration limit) {
  const Instant deadline = core_.clock.instant() + limit;
  for (;;) {
    if (stopped_) co_return fail(*stopped_);
    IoStep step = tls_->handshake();
    if (step.is == Is::done) break;
    if (step.is == Is::ended)
      co_return fail(Errc::tls_failed, "the peer hung up in the handshake: " + step.detail);
    if (step.is == Is::failed) co_return fail(Errc::tls_failed, std::move(step.detail));
    POSTERN_CO_CHECK(co_await wait(step, deadline));
  }
  in_tls_ = true;
  co_return Result<void>{};
}

Task<Result<void>> TcpStream::accept_tls(std::shared_ptr<const TlsContext> context,
                                         Duration limit) {
  POSTERN_CO_CHECK(usable());
  if (tls_) co_return fail(Errc::tls_failed, "already in TLS");
  tls_ = TlsSession::server(std::move(context), socket_.native_handle());
  co_return co_await handshake(limit);
}

Task<Result<void>> TcpStream::connect_tls(std::shared_ptr<const TlsContext> context,
                                          TlsClientOptions options, Duration limit) {
  POSTERN_CO_CHECK(usable());
  if (tls_) co_return fail(Errc::tls_failed, "already in TLS");
  tls_ = TlsSession::client(std::move(context), socket_.native_handle(), options, to_string(peer_));
  co_return co_await handshake(limit);
}

void TcpStream::close() {
  if (!stopped_) stopped_ = Errc::peer_closed;
  if (!socket_.is_open()) return;
  if (in_tls_) tls_->say_goodbye();
  boost::system::error_code ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  // Unread input would make the system answer with a reset, and the peer lose our last words.
  for (std::size_t drained = 0; drained < kDrain;) {
    const IoStep step = receive_clear(socket_.native_handle(), scratch());
    if (step.is != Is::done) break;
    drained += step.octets;
  }
  socket_.close(ignored);
}

void tune(TcpSocket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  socket.set_option(asio::socket_base::keep_alive{true}, ignored);
  const int idle_seconds = 600;
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds,
                     sizeof idle_seconds);
}

}  // namespace

Result<std::unique_ptr<Stream>> make_tcp_stream(Core& core, TcpSocket socket,
                                                std::shared_ptr<void> hold) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return fail(Errc::peer_closed, error.message());
  const auto local = socket.local_endpoint(error);
  if (!error) socket.non_blocking(true, error);
  if (error) return fail(Errc::peer_closed, error.message());
  tune(socket);
  return std::make_unique<TcpStream>(core, std::move(socket), to_endpoint(peer), to_endpoint(local),
                                     std::move(hold));
}

Result<std::unique_ptr<Stream>> adopt_tcp_stream(Core& core, int descriptor,
                                                 std::shared_ptr<void> hold) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  TcpSocket socket{core.executor};
  boost::system::error_code error;
  const bool known = ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  socket.assign(address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                descriptor, error);
  if (error) ::close(descriptor);
  if (error || !known) return fail(Errc::peer_closed, error.message());
  return make_tcp_stream(core, std::move(socket), std::move(hold));
}

text::IpAddress to_ip(const asio::ip::address& address) {
  if (address.is_v4()) return text::IpAddress::v4(address.to_v4().to_bytes());
  return text::IpAddress::v6(address.to_v6().to_bytes());
}

asio::ip::address to_asio(const text::IpAddress& ip) {
  const auto octets = ip.octets();
  if (ip.is_v4()) {
    asio::ip::address_v4::bytes_type v4{};
    std::ranges::copy(octets, v4.begin());
    return asio::ip::address_v4{v4};
  }
  asio::ip::address_v6::bytes_type v6{};
  std::ranges::copy(octets, v6.begin());
  return asio::ip::address_v6{v6};
}

Endpoint to_endpoint(const asio::ip::tcp::endpoint& endpoint) {
  return {to_ip(endpoint.address()), endpoint.port()};
}

asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint) {
  return {to_asio(endpoint.ip), endpoint.port};
}

std::string to_string(const Endpoint& endpoint) {
  const std::string ip = endpoint.ip.to_string();
  return (endpoint.ip.is_v4() ? ip : '[' + ip + ']') + ':' + std::to_string(endpoint.port);
}

}  // namespace postern::net
