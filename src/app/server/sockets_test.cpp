#include "server/sockets.hpp"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "server/descriptor.hpp"

namespace postern::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

net::Endpoint loopback(std::uint16_t port) {
  return {.ip = text::IpAddress::v4({127, 0, 0, 1}), .port = port};
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  EXPECT_EQ(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &size), 0);
  return ntohs(at.sin_port);
}

TEST(Sockets, EveryKindHasItsName) {
  for (const auto kind :
       {Kind::smtp, Kind::submission, Kind::submissions, Kind::imap, Kind::imaps, Kind::metrics})
    EXPECT_EQ(kind_from(to_string(kind)), kind);
  EXPECT_EQ(kind_from("Smtp"), std::nullopt);
  EXPECT_EQ(kind_from(""), std::nullopt);
}

TEST(Sockets, ListensWhereItIsTold) {
  config::Config wanted;
  wanted.listeners.smtp = {loopback(0)};
  wanted.listeners.imaps = {loopback(0)};
  const auto sockets = bind_all(wanted).value();
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets.front().kind, Kind::smtp);
  EXPECT_EQ(sockets.back().kind, Kind::imaps);
  for (const auto& socket : sockets) {
    const Descriptor owned{socket.descriptor};
    int listening = 0;
    socklen_t size = sizeof listening;
    ASSERT_EQ(::getsockopt(owned.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size), 0);
    EXPECT_EQ(listening, 1);
  }
}

TEST(Sockets, AllOrNothingAndEveryReasonInALine) {
  config::Config first;
  first.listeners.smtp = {loopback(0)};
  const auto held = bind_all(first).value();
  const Descriptor taken{held.front().descriptor};
  const auto port = port_of(taken.get());
  config::Config wanted;
  wanted.file = "f.toml";
  wanted.lines = {{"listeners.smtp", 7}};
  wanted.listeners.imap = {loopback(0)};
  wanted.listeners.smtp = {loopback(port)};
  wanted.listeners.submission = {{.ip = text::IpAddress::parse("192.0.2.1").value(), .port = 587}};
  const auto refused = bind_all(wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_config);
  const auto& why = refused.error().detail;
  EXPECT_THAT(why, StartsWith("f.toml:7: cannot listen on 127.0.0.1:" + std::to_string(port) +
                              " for smtp: another program has this port (see: ss"));
  EXPECT_THAT(
      why,
      HasSubstr("\nf.toml: cannot listen on 192.0.2.1:587 for submission: this machine has no"));
  EXPECT_THAT(why, Not(HasSubstr("imap")));
}

}  // namespace
}  // namespace postern::server
