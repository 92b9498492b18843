#include "http/client.hpp"

#include <deque>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/sleep.hpp"
#include "net/loopback_fixture.hpp"
#include "net/memory_stream.hpp"
#include "net/tcp_dialer.hpp"
#include "resolver/scripted.hpp"

namespace postern::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kUrl = "https://a.example/";
constexpr std::string_view kHello =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

/// What a server does: it hears the request and answers, octet for octet.
struct Play {
  std::string answer;
  bool hang_up = false;  ///< Then it ends the connection; else it waits for us to do so.
  bool verifies = true;  ///< Its certificate is one.
  bool drip = false;     ///< An octet each second.
  bool deaf = false;     ///< Not even a handshake.
};

/// Servers in memory, one play a connection.
class Servers final : public net::Dialer {
 public:
  explicit Servers(ManualCore& machine) : machine_{machine} {}

  std::map<std::string, std::deque<Play>> plays;  ///< By address; none: refused.
  std::vector<std::string> dialled;
  std::vector<std::string> requests;
  std::vector<std::string> names;  ///< What they were called in TLS.

  Task<Result<std::unique_ptr<net::Stream>>> connect(net::Endpoint to,
                                                     std::optional<text::IpAddress>,
                                                     Duration) override {
    dialled.push_back(to.ip.to_string() + ' ' + std::to_string(to.port));
    auto& waiting = plays[to.ip.to_string()];
    if (waiting.empty()) co_return fail(Errc::peer_closed, to.ip.to_string() + ": refused");
    auto play = std::move(waiting.front());
    waiting.pop_front();
    net::MemoryOptions options;
    options.server = to;
    options.tls_verifies = play.verifies;
    options.capacity = 1000;
    auto pair = net::make_memory_pair(machine_.core(), options);
    machine_.group().spawn(act(std::move(pair.server), std::move(play)));
    co_return std::move(pair.client);
  }

 private:
  Task<> act(std::unique_ptr<net::Stream> stream, Play play) {
    if (play.deaf) {
      co_await sleep(machine_.core(), 24h);
      co_return;
    }
    const auto shaken = co_await stream->accept_tls(nullptr, 24h);
    if (!shaken) co_return;
    names.push_back(stream->tls()->server_name);
    requests.emplace_back();
    const auto wanted = [&] {
      const auto& got = requests.back();
      const auto end = got.find("\r\n\r\n");
      const auto length = got.find("Content-Length: ");
      if (end == got.npos) return std::string::npos;
      return length == got.npos ? end + 4 : end + 4 + std::stoul(got.substr(length + 16));
    };
    while (requests.back().size() < wanted()) {
      const auto bytes = co_await stream->read(24h);
      if (!bytes) co_return;
      requests.back() += *bytes;
    }
    for (std::size_t at = 0; at < play.answer.size();) {
      const auto piece = play.answer.substr(at, play.drip ? 1 : play.answer.npos);
      at += piece.size();
      const auto sent = co_await stream->write(piece, 24h);
      if (!sent) co_return;
      if (play.drip) co_await sleep(machine_.core(), 1s);
    }
    if (play.hang_up) co_return;
    (void)co_await stream->read(24h);
  }

  ManualCore& machine_;
};

class HttpClient : public ::testing::Test {
 protected:
  HttpClient() {
    dns_.add_address("a.example", "2001:db8::1");
    dns_.add_address("a.example", "198.51.100.1");
    dns_.add_address("a.example", "198.51.100.2");
  }
  ~HttpClient() override { machine_.advance(48h); }

  Client& client() {
    if (!client_)
      client_ = std::make_unique<Client>(dns_, servers_, nullptr, machine_.core(), settings_);
    return *client_;
  }
  /// The answer, which must be there within `patience`.
  Result<Response> send(Request request, Limits limits = {}, Duration patience = 2min) {
    const auto out = std::make_shared<Result<Response>>(fail(Errc::woken, "no answer yet"));
    const auto run = [](Client& by, Request what, Limits how, auto into) -> Task<> {
      *into = co_await by.send(std::move(what), how);
    };
    machine_.group().spawn(run(client(), std::move(request), limits, out));
    machine_.poll();
    if (!*out && out->error().code == Errc::woken) machine_.advance(patience);
    return *out;
  }
  Result<Response> get(std::string_view url = kUrl) { return send({.url = std::string{url}}); }
  void only_first_address(Play play) { servers_.plays["2001:db8::1"].push_back(std::move(play)); }
  /// A failure, and the words that are in its detail.
  void expect_failure(const Result<Response>& got, Errc code, const std::string& words) {
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, code) << got.error().detail;
    EXPECT_THAT(got.error().detail, HasSubstr(words));
  }

  ManualCore machine_;
  resolver::ScriptedResolver dns_{machine_.core().timers};
  Servers servers_{machine_};
  Settings settings_;
  std::unique_ptr<Client> client_;
};

TEST_F(HttpClient, FetchesOverTlsWithTheHostsName) {
  only_first_address({.answer = std::string{kHello}});
  const auto got = get("https://A.example/p?q");
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->status, 200U);
  EXPECT_EQ(got->body, "hello");
  EXPECT_THAT(servers_.names, ElementsAre("a.example"));
  EXPECT_THAT(servers_.dialled, ElementsAre("2001:db8::1 443"));
  EXPECT_THAT(servers_.requests,
              ElementsAre("GET /p?q HTTP/1.1\r\nHost: a.example\r\nUser-Agent: Postern\r\n"
                          "Connection: close\r\nAccept-Encoding: identity\r\n\r\n"));
}

TEST_F(HttpClient, PostsABodyWithItsHeaderFields) {
  only_first_address({.answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"});
  const std::string body(5000, 'b');
  const auto got = send({.method = Method::post,
                         .url = "https://a.example:8443/reports",
                         .headers = {{"Content-Type", "application/tlsrpt+gzip"}},
                         .body = body});
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->status, 201U);
  EXPECT_THAT(servers_.dialled, ElementsAre("2001:db8::1 8443"));
  EXPECT_EQ(servers_.requests.front(),
            "POST /reports HTTP/1.1\r\nHost: a.example:8443\r\nUser-Agent: Postern\r\n"
            "Connection: close\r\nAccept-Encoding: identity\r\n"
            "Content-Type: application/tlsrpt+gzip\r\nContent-Length: 5000\r\n\r\n" +
                body);
}

TEST_F(HttpClient, SendsNoFieldThatBreaksTheRequest) {
  for (const Field& field : {Field{"X", "a\r\nY: b"}, Field{"X y", "a"}, Field{"", "a"},
                             Field{"Host", "b.example"}, Field{"content-length", "5"}})
    expect_failure(send({.url = std::string{kUrl}, .headers = {field}}), Errc::bad_syntax, "field");
  expect_failure(get("http://a.example/"), Errc::bad_syntax, "https");
  EXPECT_TRUE(servers_.dialled.empty());
}

TEST_F(HttpClient, RedirectsAreAnswersAndAreNotFollowed) {
  only_first_address({.answer = "HTTP/1.1 302 Found\r\nLocation: https://b.example/\r\n"
                                "Content-Length: 0\r\n\r\n"});
  const auto got = get();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 302U);
  EXPECT_FALSE(got->good());
  EXPECT_EQ(got->header("location"), "https://b.example/");
  EXPECT_EQ(servers_.dialled.size(), 1U);
}

TEST_F(HttpClient, OfAHeadOnlyTheHeaderIsRead) {
  only_first_address({.answer = "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"});
  const auto got = send({.method = Method::head, .url = std::string{kUrl}});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->header("content-length"), "999999999");
}

TEST_F(HttpClient, TriesTheAddressesInTurn) {
  servers_.plays["198.51.100.1"].push_back({.verifies = false});
  servers_.plays["198.51.100.2"].push_back({.answer = std::string{kHello}});
  EXPECT_TRUE(get());
  EXPECT_THAT(servers_.dialled,
              ElementsAre("2001:db8::1 443", "198.51.100.1 443", "198.51.100.2 443"));
  expect_failure(get(), Errc::peer_closed, "2001:db8::1: refused");
}

TEST_F(HttpClient, AnInvalidCertificateEndsIt) {
  only_first_address({.answer = std::string{kHello}, .verifies = false});
  expect_failure(get(), Errc::tls_failed, "a.example [2001:db8::1]:443: TLS: ");
  EXPECT_TRUE(servers_.requests.empty());
}

TEST_F(HttpClient, SaysWhatDnsHasAgainstIt) {
  expect_failure(get("https://b.example/"), Errc::not_found, "b.example: no such name");
  dns_.add_mx("c.example", 1, "mx.c.example");
  dns_.set("c.example", dns::Type::a, {.outcome = dns::Outcome::no_data});
  expect_failure(get("https://c.example/"), Errc::not_found, "no address");
  dns_.fail("d.example", dns::Type::a, dns::Outcome::timeout);
  expect_failure(get("https://d.example/"), Errc::dns_unavailable, "DNS does not answer");
  dns_.set("e.example", dns::Type::aaaa,
           {.status = dns::Status::bogus, .outcome = dns::Outcome::servfail, .why = "signature"});
  expect_failure(get("https://e.example/"), Errc::dns_bogus, "forged: signature");
  // One family that fails does not hide the other.
  dns_.fail("f.example", dns::Type::aaaa, dns::Outcome::servfail);
  dns_.add_address("f.example", "198.51.100.9");
  servers_.plays["198.51.100.9"].push_back({.answer = std::string{kHello}});
  EXPECT_TRUE(get("https://f.example/"));
}

TEST_F(HttpClient, GoesNowhereAroundUsUnlessToldSo) {
  for (const char* const ip : {"127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "0.0.0.0",
                               "224.0.0.1", "100.64.0.1", "198.18.0.1", "192.0.0.8"})
    dns_.add_address("in.example", ip);
  for (const char* const ip : {"::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
                               "::10.0.0.1", "64:ff9b:1::1", "fec0::1", "2001::1"})
    dns_.add_address("in.example", ip);
  expect_failure(get("https://in.example/"), Errc::not_permitted, "we must not go");
  EXPECT_TRUE(servers_.dialled.empty());
  // What else the name has is used.
  dns_.add_address("in.example", "198.51.100.3");
  servers_.plays["198.51.100.3"].push_back({.answer = std::string{kHello}});
  EXPECT_TRUE(get("https://in.example/"));
  EXPECT_THAT(servers_.dialled, ElementsAre("198.51.100.3 443"));
}

TEST_F(HttpClient, ReachIsAsItIsSet) {
  for (const char* const ours : {"2001:db8::1", "198.51.100.1"})
    settings_.reach.never.push_back(text::IpAddress::parse(ours).value_or(text::IpAddress{}));
  settings_.reach.private_too = true;
  settings_.port = 8443;
  dns_.add_address("in.example", "10.0.0.1");
  servers_.plays["10.0.0.1"].push_back({.answer = std::string{kHello}});
  EXPECT_TRUE(get("https://in.example/"));
  expect_failure(get(), Errc::peer_closed, "refused");
  EXPECT_THAT(servers_.dialled, ElementsAre("10.0.0.1 8443", "198.51.100.2 8443"));
}

TEST_F(HttpClient, MayBeHeldToTheUsualPort) {
  settings_.reach.usual_port_only = true;
  dns_.add_address("in.example", "198.51.100.3");
  expect_failure(get("https://in.example:465/"), Errc::not_permitted, "only the usual port");
  EXPECT_TRUE(servers_.dialled.empty());
  servers_.plays["198.51.100.3"].push_back({.answer = std::string{kHello}});
  EXPECT_TRUE(get("https://in.example:443/"));
}

TEST_F(HttpClient, OnlyLoopbackIsOnlyLoopback) {
  settings_.reach.only_loopback = true;
  dns_.add_address("in.example", "10.0.0.1");
  dns_.add_address("in.example", "::1");
  expect_failure(get("https://in.example/"), Errc::peer_closed, "::1: refused");
  expect_failure(get(), Errc::not_permitted, "2001:db8::1");
  EXPECT_THAT(servers_.dialled, ElementsAre("::1 443"));
}

TEST_F(HttpClient, EverythingHasItsTime) {
  // Whatever the server does to please, the whole is over after a minute.
  only_first_address({.answer = std::string{kHello}, .drip = true});
  const Instant began = machine_.core().clock.instant();
  const auto run = [](Client& by, Result<Response>& into) -> Task<> {
    into = co_await by.send({.url = std::string{kUrl}});
  };
  Result<Response> dripped;
  machine_.group().spawn(run(client(), dripped));
  machine_.advance(59s);
  EXPECT_TRUE(dripped);
  machine_.advance(1s);
  expect_failure(dripped, Errc::peer_timeout, "a.example: no answer in time");
  EXPECT_EQ(machine_.core().clock.instant() - began, 60s);
}

TEST_F(HttpClient, ADeafAddressTakesNoMoreThanItsShare) {
  only_first_address({.deaf = true});
  servers_.plays["198.51.100.1"].push_back({.answer = std::string{kHello}});
  const Instant began = machine_.core().clock.instant();
  EXPECT_TRUE(send({.url = std::string{kUrl}}, {}, 15s));
  EXPECT_EQ(machine_.core().clock.instant() - began, 15s);
  only_first_address({.deaf = true});
  expect_failure(send({.url = std::string{kUrl}}, {.whole = 5s}, 5s), Errc::peer_timeout,
                 "no answer in time");
}

TEST_F(HttpClient, WhatIsTooLargeIsRefused) {
  only_first_address({.answer = "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"});
  expect_failure(get(), Errc::too_large, "a.example: the answer is too large");
  only_first_address({.answer = "HTTP/1.1 200 OK\r\n\r\n" + std::string(70'000, 'b')});
  expect_failure(get(), Errc::too_large, "too large");
}

TEST_F(HttpClient, ABodyWithoutLengthNeedsAnOrderlyEnd) {
  only_first_address({.answer = "HTTP/1.1 200 OK\r\n\r\nto the end", .hang_up = true});
  const auto got = get();
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->body, "to the end");
  only_first_address(
      {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", .hang_up = true});
  expect_failure(get(), Errc::peer_closed, "cut short");
  only_first_address({.hang_up = true});
  expect_failure(get(), Errc::peer_closed, "a.example: ");
}

TEST_F(HttpClient, StopEndsWhatIsUnderWayAndAllLater) {
  only_first_address({});
  const auto run = [](Client& by, Result<Response>& into) -> Task<> {
    into = co_await by.send({.url = std::string{kUrl}});
  };
  Result<Response> got;
  machine_.group().spawn(run(client(), got));
  machine_.poll();
  EXPECT_EQ(servers_.requests.size(), 1U);
  client().stop();
  machine_.poll();
  expect_failure(got, Errc::shutting_down, "stopping");
  expect_failure(get(), Errc::shutting_down, "stopping");
}

/// With sockets and certificates.
class HttpsTest : public ::testing::Test, protected net::Loopback {
 protected:
  HttpsTest() { dns_.add_address("a.example", "127.0.0.1"); }

  Result<Response> fetch(const net::TestCertificates& theirs,
                         const net::TestCertificates& trusted) {
    const auto context = net::TlsContext::server({.certificates = {theirs.certificate()}}).value();
    machine.group().spawn(answer(acceptor_, machine.core(), context));
    Client client{dns_,
                  dialer_,
                  trusted.trusting_client(),
                  machine.core(),
                  {.reach = {.private_too = true}, .port = acceptor_.local_endpoint().port()}};
    return run(client.send({.url = std::string{kUrl}}));
  }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
  static Task<> answer(Acceptor& acceptor, Core& core,
                       std::shared_ptr<const net::TlsContext> context) {
    auto socket = co_await acceptor.async_accept(use_task);
    auto stream = net::make_tcp_stream(core, net::TcpSocket{std::move(socket)}).value();
    const auto shaken = co_await stream->accept_tls(context, 10s);
    if (!shaken) co_return;
    const auto request = co_await stream->read(10s);
    if (!request) co_return;
    const std::string text = "HTTP/1.1 200 OK\r\n\r\nto the end";
    (void)co_await stream->write(text, 10s);
    stream->close();
  }
  resolver::ScriptedResolver dns_{machine.core().timers};
  net::TcpDialer dialer_{machine.core()};
  Acceptor acceptor_{machine.core().executor, {asio::ip::address_v4::loopback(), 0}};
};

TEST_F(HttpsTest, TrustsWhomItIsTold) {
  const net::TestCertificates right{{"a.example"}};
  const auto got = fetch(right, right);
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->body, "to the end");
}

TEST_F(HttpsTest, RefusesCertificatesOfStrangersAndOfOtherNames) {
  const net::TestCertificates right{{"a.example"}};
  const net::TestCertificates other{{"b.example"}};
  for (const auto* const theirs : {&right, &other}) {
    const auto got = fetch(*theirs, other);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::tls_failed);
    EXPECT_THAT(got.error().detail, StartsWith("a.example [127.0.0.1]:"));
    EXPECT_THAT(got.error().detail, HasSubstr("certificate verify failed"));
  }
}

}  // namespace
}  // namespace postern::http
