#include "net/tcp_dialer.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>

#include "net/tcp_stream.hpp"

namespace postern::net {
namespace {

class Alarm final : public Timers::Timer {
 public:
  explicit Alarm(TcpSocket& socket) : socket_{socket} {}
  [[nodiscard]] bool rang() const { return rang_; }

 private:
  void fire() override {
    rang_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  TcpSocket& socket_;
  bool rang_ = false;
};

std::unexpected<Error> unreachable(const Endpoint& to, const boost::system::error_code& error) {
  return fail(Errc::peer_closed, to_string(to) + ": " + error.message());
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> TcpDialer::connect(Endpoint to,
                                                         std::optional<text::IpAddress> source,
                                                         Duration limit) {
  boost::system::error_code error;
  TcpSocket socket{core_.executor};
  socket.open(to.ip.is_v4() ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), error);
  if (!error && source) socket.bind(to_asio(Endpoint{*source, 0}), error);
  if (error) co_return unreachable(to, error);
  Alarm alarm{socket};
  core_.timers.arm_after(alarm, limit);
  const auto [refused] = co_await socket.async_connect(to_asio(to), asio::as_tuple(use_task));
  if (alarm.rang()) co_return fail(Errc::peer_timeout, to_string(to) + ": no answer");
  if (refused) co_return unreachable(to, refused);
  alarm.disarm();
  co_return make_tcp_stream(core_, std::move(socket));
}

}  // namespace postern::net
