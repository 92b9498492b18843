#include "net/tcp_stream.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loopback_fixture.hpp"
#include "net/tcp_dialer.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// The view dies with the next await, so it is copied at once.
Task<Result<std::string>> read_text(Stream& stream, Duration limit = 10s) {
  const auto got = co_await stream.read(limit);
  if (!got) co_return std::unexpected{got.error()};
  co_return std::string{*got};
}

Task<Result<std::string>> read_some(Stream& stream, std::size_t octets) {
  std::string all;
  while (all.size() < octets) {
    const auto got = co_await stream.read(10s);
    if (!got) co_return std::unexpected{got.error()};
    all += *got;
  }
  co_return all;
}

Task<Result<void>> write_text(Stream& stream, std::string text) {
  co_return co_await stream.write(text, 10s);
}

class TcpStreamTest : public ::testing::Test, protected Loopback {};

TEST_F(TcpStreamTest, KnowsItsEnds) {
  EXPECT_EQ(client->peer().port, server->local().port);
  EXPECT_EQ(server->peer().port, client->local().port);
  EXPECT_TRUE(server->peer().ip.is_loopback());
  EXPECT_EQ(server->tls(), nullptr);
  EXPECT_EQ(server->tls_exporter("EXPORTER-Channel-Binding", 32), std::nullopt);
  EXPECT_EQ(to_string(Endpoint{*text::IpAddress::parse("2001:db8::1"), 25}), "[2001:db8::1]:25");
  EXPECT_EQ(to_endpoint(to_asio(server->peer())).ip, server->peer().ip);
}

TEST_F(TcpStreamTest, CarriesBytesAndTheEnd) {
  EXPECT_TRUE(run(write_text(*client, "hello")));
  EXPECT_EQ(run(read_text(*server)).value(), "hello");
  const auto waiting = start(read_text(*server));
  EXPECT_FALSE(waiting->has_value());
  client->close();
  ASSERT_TRUE(until([&] { return waiting->has_value(); }));
  EXPECT_EQ((*waiting)->error().code, Errc::peer_closed);
  EXPECT_EQ(run(write_text(*client, "x")).error().code, Errc::peer_closed);
}

TEST_F(TcpStreamTest, ReadsTimeOut) {
  const auto waiting = start(read_text(*server));
  machine.advance(9s);
  EXPECT_FALSE(waiting->has_value());
  machine.advance(1s);
  ASSERT_TRUE(until([&] { return waiting->has_value(); }));
  EXPECT_EQ((*waiting)->error().code, Errc::peer_timeout);
  EXPECT_TRUE(run(write_text(*client, "late")));
  EXPECT_EQ(run(read_text(*server)).value(), "late");
  EXPECT_EQ(machine.core().timers.next(), std::nullopt);
}

TEST_F(TcpStreamTest, WakesOnceAndLosesNothing) {
  const auto waiting = start(read_text(*server));
  server->wake();
  ASSERT_TRUE(until([&] { return waiting->has_value(); }));
  EXPECT_EQ((*waiting)->error().code, Errc::woken);
  EXPECT_TRUE(run(write_text(*client, "kept")));
  server->wake();
  EXPECT_EQ(run(read_text(*server)).error().code, Errc::woken);
  EXPECT_EQ(run(read_text(*server)).value(), "kept");
}

TEST_F(TcpStreamTest, StopsForGood) {
  const auto reading = start(read_text(*server));
  server->stop(Errc::shutting_down);
  ASSERT_TRUE(until([&] { return reading->has_value(); }));
  EXPECT_EQ((*reading)->error().code, Errc::shutting_down);
  EXPECT_EQ(run(write_text(*server, "x")).error().code, Errc::shutting_down);
  EXPECT_EQ(run(read_text(*server)).error().code, Errc::shutting_down);
}

TEST_F(TcpStreamTest, AMebibyteReachesASlowReader) {
  std::string text(1 << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 4U);
  const auto writing = start(write_text(*client, text));
  const auto idle = start(read_text(*client, 24h));  // a timer of its own disturbs nothing
  machine.advance(5s);
  const std::string first = run(read_some(*server, 1)).value();
  machine.advance(5s);
  EXPECT_EQ(first + run(read_some(*server, text.size() - first.size())).value(), text);
  ASSERT_TRUE(until([&] { return writing->has_value(); }));
  EXPECT_TRUE(**writing);
  client->stop(Errc::shutting_down);
  EXPECT_TRUE(until([&] { return idle->has_value(); }));
}

TEST_F(TcpStreamTest, WritesTimeOutWithoutProgress) {
  const auto writing = start(write_text(*client, std::string(32 << 20, 'x')));
  machine.advance(9s);
  EXPECT_FALSE(writing->has_value());
  machine.advance(2s);
  ASSERT_TRUE(until([&] { return writing->has_value(); }));
  EXPECT_EQ((*writing)->error().code, Errc::peer_timeout);
}

TEST_F(TcpStreamTest, AHalfClosedPeerStillGetsItsAnswer) {
  auto [raw, ours] = sockets();
  const auto stream = make_tcp_stream(machine.core(), std::move(ours)).value();
  asio::write(raw, asio::buffer("bye", 3));
  raw.shutdown(TcpSocket::shutdown_send);
  EXPECT_EQ(run(read_text(*stream)).value(), "bye");
  EXPECT_EQ(run(read_text(*stream)).error().code, Errc::peer_closed);
  EXPECT_TRUE(run(write_text(*stream, "answer")));
  stream->close();
  std::string answer;
  boost::system::error_code end;
  asio::read(raw, asio::dynamic_buffer(answer), end);
  EXPECT_EQ(answer, "answer");
  EXPECT_EQ(end, asio::error::eof);
}

TEST_F(TcpStreamTest, TheLastWordsArriveThoughInputIsUnread) {
  auto [raw, ours] = sockets();
  auto stream = make_tcp_stream(machine.core(), std::move(ours)).value();
  asio::write(raw, asio::buffer("pipelined and never read", 24));
  EXPECT_TRUE(run(write_text(*stream, "421 closing")));
  stream->close();
  stream.reset();
  std::string last;
  boost::system::error_code end;
  asio::read(raw, asio::dynamic_buffer(last), end);
  EXPECT_EQ(last, "421 closing");
  EXPECT_EQ(end, asio::error::eof);
}

TEST_F(TcpStreamTest, AResetIsAValue) {
  auto [raw, ours] = sockets();
  const auto stream = make_tcp_stream(machine.core(), std::move(ours)).value();
  raw.set_option(asio::socket_base::linger{true, 0});
  raw.close();
  EXPECT_EQ(run(read_text(*stream)).error().code, Errc::peer_closed);
  EXPECT_EQ(run(write_text(*stream, "x")).error().code, Errc::peer_closed);
  EXPECT_EQ(run(write_text(*stream, "x")).error().code, Errc::peer_closed);  // EPIPE, no signal
}

TEST_F(TcpStreamTest, LetsGoOfItsHold) {
  auto [raw, ours] = sockets();
  auto hold = std::make_shared<int>(1);
  auto stream = make_tcp_stream(machine.core(), std::move(ours), hold).value();
  EXPECT_EQ(hold.use_count(), 2);
  stream.reset();
  EXPECT_EQ(hold.use_count(), 1);
}

TEST_F(TcpStreamTest, DialsFromAnAddressAndTellsRefusals) {
  TcpDialer dialer{machine.core()};
  const auto executor = machine.core().executor;
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor{
      executor, {asio::ip::address_v4::loopback(), 0}};
  const Endpoint to = to_endpoint(acceptor.local_endpoint());
  const auto source = text::IpAddress::parse("127.0.0.9");
  const auto stream = run(dialer.connect(to, source, 10s));
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->local().ip, *source);
  acceptor.close();
  const auto refused = run(dialer.connect(to, std::nullopt, 10s));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::peer_closed);
  EXPECT_THAT(refused.error().detail, HasSubstr(to_string(to)));
  EXPECT_EQ(machine.core().timers.next(), std::nullopt);
}

TEST_F(TcpStreamTest, AStoppedDialerWaitsForNobody) {
  TcpDialer dialer{machine.core()};
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor{machine.core().executor,
                                                                asio::ip::tcp::v4()};
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);  // its queue of one is filled here: who comes later gets no answer
  const Endpoint to = to_endpoint(acceptor.local_endpoint());
  const auto first = run(dialer.connect(to, std::nullopt, 10s));
  ASSERT_TRUE(first);
  const auto waiting = start(dialer.connect(to, std::nullopt, 10s));
  const auto another = start(dialer.connect(to, std::nullopt, 10s));
  ASSERT_FALSE(waiting->has_value());
  dialer.stop();
  EXPECT_TRUE(until([&] { return waiting->has_value() && another->has_value(); }));
  EXPECT_EQ((*waiting)->error().code, Errc::shutting_down);
  EXPECT_EQ((*another)->error().code, Errc::shutting_down);
  EXPECT_EQ(run(dialer.connect(to, std::nullopt, 10s)).error().code, Errc::shutting_down);
  EXPECT_EQ(machine.core().timers.next(), std::nullopt);
}

}  // namespace
}  // namespace postern::net
