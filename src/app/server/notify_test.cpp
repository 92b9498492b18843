#include "server/notify.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace postern::server {
namespace {

TEST(Notify, WhatOthersSayStaysInItsLine) {
  EXPECT_EQ(one_line("a\nMAINPID=1\r\n\tb"), "a MAINPID=1   b");
  EXPECT_EQ(one_line(std::string(10'000, 'x')).size(), 500U);
}

TEST(Notify, TellsTheManagerAndTakesItsAddressAway) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "@postern-notify-test-" + std::to_string(::getpid());
  std::memcpy(address.sun_path, name.data(), name.size());
  address.sun_path[0] = '\0';
  const Descriptor manager{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  const auto heard = [&] {
    std::array<char, 4096> text{};
    const auto got = ::recv(manager.get(), text.data(), text.size(), MSG_DONTWAIT);
    return got < 0 ? std::string{} : std::string(text.data(), static_cast<std::size_t>(got));
  };
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  const auto notifier = Notifier::from_environment();
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  notifier.ready();
  EXPECT_THAT(heard(), ::testing::StartsWith("READY=1\n"));
  notifier.reloading();
  EXPECT_THAT(heard(), ::testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n.*"));
  notifier.reloaded("refused:\nWATCHDOG=1");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=refused: WATCHDOG=1\n");
  notifier.stopping();
  EXPECT_THAT(heard(), ::testing::StartsWith("STOPPING=1\n"));
  Notifier::from_environment().ready();
  EXPECT_EQ(heard(), "") << "no address, nobody told";
}

}  // namespace
}  // namespace postern::server
