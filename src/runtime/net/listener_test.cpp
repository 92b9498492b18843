#include "net/listener.hpp"

#include <future>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "async/core_loop.hpp"
#include "async/manual_core.hpp"
#include "log/log.hpp"
#include "log/sink.hpp"
#include "net/tcp_stream.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const Endpoint kAnyPort{text::IpAddress::v4({127, 0, 0, 1}), 0};

TEST(Listener, TellsWhyAPortCannotBeHad) {
  ManualCore machine;
  const auto first = Listener::bind(machine.core(), kAnyPort).value();
  const auto second = Listener::bind(machine.core(), first->local());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::bad_config);
  EXPECT_EQ(second.error().detail, "port " + std::to_string(first->local().port) +
                                       " on 127.0.0.1 is in use by another program");
  const auto foreign = Listener::bind(machine.core(), {text::IpAddress::v4({192, 0, 2, 1}), 0});
  EXPECT_THAT(foreign.error().detail, HasSubstr("does not have the address"));
}

TEST(Listener, AdoptsSocketsAndNothingElse) {
  ManualCore machine;
  int pipes[2]{};
  ASSERT_EQ(::pipe(pipes), 0);
  EXPECT_EQ(Listener::adopt(machine.core(), pipes[0]).error().code, Errc::bad_config);
  ::close(pipes[1]);
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor{io, to_asio(kAnyPort)};
  const Endpoint at = to_endpoint(acceptor.local_endpoint());
  const auto adopted = Listener::adopt(machine.core(), acceptor.release());
  ASSERT_TRUE(adopted);
  EXPECT_EQ((*adopted)->local().port, at.port);
}

TEST(CoreSet, GivesTheLeastLoadedCore) {
  ManualCore a;
  ManualCore b;
  CoreSet cores{{&a.core(), &b.core()}};
  auto first = cores.least_loaded();
  const auto second = cores.least_loaded();
  EXPECT_NE(first.core, second.core);
  EXPECT_EQ(cores.connections(), 2U);
  first.hold.reset();
  const auto third = cores.least_loaded();
  EXPECT_EQ(third.core, first.core);
  EXPECT_EQ(cores.connections(), 2U);
}

Task<> echo(std::unique_ptr<Stream> stream) {
  const auto got = co_await stream->read(10s);
  if (!got) co_return;
  const std::string text{*got};
  (void)co_await stream->write(text, 10s);
  stream->close();
}

Task<> run_and_tell(Listener& listener, CoreSet& cores, Listener::OnAccept on_accept,
                    log::Logger logger, std::promise<void>& ended) {
  co_await listener.run(cores, std::move(on_accept), std::move(logger));
  ended.set_value();
}

/// Every connection is served on a core of its own thread; the listener ends when told.
TEST(Listener, SpreadsConnectionsOverCores) {
  SystemClock clock;
  SystemRandom random;
  log::CaptureSink sink;
  log::Backend backend{sink, {}, [&clock] { return clock.now(); }};
  CoreLoop one{clock, random};
  CoreLoop two{clock, random};
  CoreSet cores{{&one.core(), &two.core()}};
  const auto abort = [](std::exception_ptr) { std::abort(); };
  TaskGroup on_one{one.core().executor, abort};
  TaskGroup on_two{two.core().executor, abort};
  std::atomic<int> served_by_one = 0;
  const auto on_accept = [&](Core& core, std::unique_ptr<Stream> stream) {
    const bool first = &core == &one.core();
    if (first) ++served_by_one;
    (first ? on_one : on_two).spawn(echo(std::move(stream)));
  };
  const auto listener = Listener::bind(one.core(), kAnyPort).value();
  std::promise<void> ended;
  on_one.spawn(run_and_tell(*listener, cores, on_accept, log::Logger{backend}, ended));
  one.start("one");
  two.start("two");

  asio::io_context io;
  std::vector<asio::ip::tcp::socket> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(io).connect(to_asio(listener->local()));
  for (auto& client : clients) asio::write(client, asio::buffer("echo", 4));
  for (auto& client : clients) {
    std::string answer;
    boost::system::error_code end;
    asio::read(client, asio::dynamic_buffer(answer), end);
    EXPECT_EQ(answer, "echo");
  }
  asio::post(one.core().executor, [&] { listener->stop(); });
  ended.get_future().wait();
  asio::ip::tcp::socket late{io};
  boost::system::error_code refused;
  late.connect(to_asio(listener->local()), refused);
  EXPECT_EQ(refused, asio::error::connection_refused);
  one.stop();
  two.stop();
  one.join();
  two.join();
  EXPECT_GT(served_by_one, 0);
  EXPECT_LT(served_by_one, 10);
}

}  // namespace
}  // namespace postern::net
