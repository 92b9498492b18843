#include "net/tcp_dialer.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>

#include "net/tcp_stream.hpp"

namespace postern::net {
namespace {

std::unexpected<Error> unreachable(const Endpoint& to, const boost::system::error_code& error) {
  return fail(Errc::peer_closed, to_string(to) + ": " + error.message());
}

}  // namespace

/// A connect under way; the timer is its limit.
class TcpDialer::Attempt final : public Timers::Timer {
 public:
  Attempt(TcpDialer& dialer, TcpSocket& socket) : dialer_{dialer}, socket_{socket} {
    dialer_.under_way_.insert(this);
  }
  ~Attempt() override { dialer_.under_way_.erase(this); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void end(Errc why) {
    disarm();
    ended_ = why;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  /// Why it was ended before its time.
  [[nodiscard]] std::optional<Errc> ended() const { return ended_; }

 private:
  void fire() override { end(Errc::peer_timeout); }
  TcpDialer& dialer_;
  TcpSocket& socket_;
  std::optional<Errc> ended_;
};

Task<Result<std::unique_ptr<Stream>>> TcpDialer::connect(Endpoint to,
                                                         std::optional<text::IpAddress> source,
                                                         Duration limit) {
  if (stopped_) co_return fail(Errc::shutting_down, to_string(to) + ": stopping");
  boost::system::error_code error;
  TcpSocket socket{core_.executor};
  socket.open(to.ip.is_v4() ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), error);
  if (!error && source) socket.bind(to_asio(Endpoint{*source, 0}), error);
  if (error) co_return unreachable(to, error);
  Attempt attempt{*this, socket};
  core_.timers.arm_after(attempt, limit);
  const auto [refused] = co_await socket.async_connect(to_asio(to), asio::as_tuple(use_task));
  if (const auto why = attempt.ended()) {
    co_return fail(*why,
                   to_string(to) + (*why == Errc::peer_timeout ? ": no answer" : ": stopping"));
  }
  if (refused) co_return unreachable(to, refused);
  attempt.disarm();
  co_return make_tcp_stream(core_, std::move(socket));
}

void TcpDialer::stop() {
  stopped_ = true;
  for (auto* const attempt : under_way_) attempt->end(Errc::shutting_down);
}

}  // namespace postern::net
