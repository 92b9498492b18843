#include "net/listener.hpp"

#include <cerrno>
#include <future>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
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
  auto first = cores.least_loaded().value();
  const auto second = cores.least_loaded().value();
  EXPECT_NE(first.core, second.core);
  EXPECT_EQ(cores.connections(), 2U);
  first.hold.reset();
  const auto third = cores.least_loaded().value();
  EXPECT_EQ(third.core, first.core);
  EXPECT_EQ(cores.connections(), 2U);
}

TEST(CoreSet, HasSoManyPlaces) {
  ManualCore a;
  ManualCore b;
  CoreSet cores{{&a.core(), &b.core()}, 3};
  std::vector<std::optional<CoreSet::Place>> held;
  for (int i = 0; i < 3; ++i) held.push_back(cores.least_loaded());
  for (const auto& place : held) EXPECT_TRUE(place);
  EXPECT_FALSE(cores.least_loaded());
  EXPECT_FALSE(cores.least_loaded());
  EXPECT_EQ(cores.refused(), 2U);
  EXPECT_EQ(cores.connections(), 3U);
  held.pop_back();
  EXPECT_TRUE(cores.least_loaded());
}

/// A listener in a time that stands still, and clients of it that the system has connected.
class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() : listener_{Listener::bind(machine_.core(), kAnyPort).value()} {}
  ~ListenerTest() override {
    listener_->stop();
    machine_.poll();
  }

  void serve(CoreSet& cores, std::string refusal) {
    const auto on_accept = [this](Core&, std::unique_ptr<Stream> stream) {
      served_.push_back(std::move(stream));
    };
    machine_.group().spawn(
        listener_->run(cores, on_accept, log::Logger{backend_}, std::move(refusal)));
    machine_.poll();
  }
  asio::ip::tcp::socket client() {
    asio::ip::tcp::socket made{io_};
    made.connect(to_asio(listener_->local()));
    return made;
  }
  /// What is said to `socket` until it is hung up on.
  static std::string heard(asio::ip::tcp::socket& socket) {
    std::string out;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(out), end);
    return out;
  }
  std::size_t warnings() { return sink_.lines().size(); }

  ManualCore machine_;
  log::CaptureSink sink_;
  log::Backend backend_{sink_, {}, [this] { return machine_.clock().now(); }};
  asio::io_context io_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Stream>> served_;
};

TEST_F(ListenerTest, TellsWhoFindsNoPlace) {
  CoreSet cores{{&machine_.core()}, 2};
  serve(cores, "421 Full\r\n");
  std::vector<asio::ip::tcp::socket> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(client());
  for (int i = 0; i < 10; ++i) machine_.poll();
  ASSERT_EQ(served_.size(), 2U);
  for (std::size_t i = 2; i < clients.size(); ++i) EXPECT_EQ(heard(clients[i]), "421 Full\r\n");
  EXPECT_EQ(warnings(), 1U) << "a flood is told of once";
  served_.pop_back();
  const auto next = client();
  machine_.poll();
  EXPECT_EQ(served_.size(), 2U) << "a place was free again";
  machine_.advance(2min);
  auto late = client();
  machine_.poll();
  EXPECT_EQ(heard(late), "421 Full\r\n");
  EXPECT_EQ(warnings(), 2U);
  EXPECT_THAT(sink_.lines().back(), HasSubstr("times=98"));
}

TEST_F(ListenerTest, OutlivesWantOfDescriptorsAndMemory) {
  CoreSet cores{{&machine_.core()}};
  serve(cores, {});
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    served_.clear();
    const auto warned = warnings();
    bool broken = true;
    int failures = 0;
    listener_->accept_by([&](int listening) {
      if (!broken) return ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      ++failures;
      errno = error;
      return -1;
    });
    const auto waiting = client();
    for (int i = 0; i < 1000; ++i) machine_.poll();
    EXPECT_EQ(failures, 1) << "it does not try in a loop";
    for (int i = 0; i < 10; ++i) machine_.advance(100ms);
    EXPECT_EQ(failures, 11) << "it goes on trying";
    EXPECT_EQ(warnings(), warned + 1);
    broken = false;
    machine_.advance(100ms);
    EXPECT_EQ(served_.size(), 1U) << "who waited is served";
    const auto after = client();
    machine_.poll();
    EXPECT_EQ(served_.size(), 2U);
    machine_.advance(2min);
  }
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
