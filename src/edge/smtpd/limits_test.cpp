#include "smtpd/limits.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

text::IpAddress ip(const char* text) {
  return text::IpAddress::parse(text).value();
}
constexpr Timestamp kNow{std::chrono::seconds{1'700'000'000}};

TEST(Guard, CountsConnections) {
  Guard guard{{.connections = {.per_host = 1, .per_net = 1}}};
  const auto place = guard.enter(ip("192.0.2.1"));
  EXPECT_TRUE(place);
  EXPECT_FALSE(guard.enter(ip("192.0.2.1")));
}

TEST(Guard, ClosesForAnHour) {
  Guard guard{{.max_unknown = 3}};
  const auto peer = ip("192.0.2.1");
  guard.unknown_recipient(peer, kNow);
  guard.unknown_recipient(peer, kNow);
  EXPECT_FALSE(guard.closed(peer, kNow));
  // An hour later the count begins anew.
  guard.unknown_recipient(peer, kNow + 1h);
  EXPECT_FALSE(guard.closed(peer, kNow + 1h));
  guard.unknown_recipient(peer, kNow + 1h);
  guard.unknown_recipient(ip("192.0.2.9"), kNow + 1h);
  EXPECT_TRUE(guard.closed(peer, kNow + 1h));
  EXPECT_TRUE(guard.closed(peer, kNow + 119min));
  EXPECT_FALSE(guard.closed(peer, kNow + 2h));
  EXPECT_FALSE(guard.closed(ip("198.51.100.1"), kNow + 1h));
}

TEST(Guard, FailedLoginsWaitLonger) {
  Guard guard{Guard::Settings{}};
  const auto peer = ip("192.0.2.1");
  std::vector<Duration> delays;
  delays.reserve(8);
  for (int i = 0; i < 8; ++i) delays.push_back(guard.failed_login(peer, kNow));
  EXPECT_EQ(delays, (std::vector<Duration>{1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}));
  guard.good_login(peer);
  EXPECT_EQ(guard.failed_login(peer, kNow), 1s);
  EXPECT_EQ(guard.failed_login(peer, kNow), 2s);
  EXPECT_EQ(guard.failed_login(peer, kNow + 61min), 1s);
}

TEST(Guard, FewWait) {
  Guard guard{{.max_waiting = 1}};
  auto slot = guard.wait_slot();
  EXPECT_TRUE(slot);
  EXPECT_FALSE(guard.wait_slot());
  slot.reset();
  EXPECT_TRUE(guard.wait_slot());
}

TEST(Guard, RemembersABoundedNumberOfNets) {
  Guard guard{{.max_unknown = 1, .max_nets = 10}};
  const auto net = [](int i) {
    return text::IpAddress::v4(
        {10, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i), 1});
  };
  int remembered = 0;
  for (int i = 0; i < 1000; ++i) guard.unknown_recipient(net(i), kNow);
  for (int i = 0; i < 1000; ++i) remembered += guard.closed(net(i), kNow) ? 1 : 0;
  EXPECT_GE(remembered, 5);
  EXPECT_LE(remembered, 10);
  EXPECT_TRUE(guard.closed(net(999), kNow));
}

}  // namespace
}  // namespace postern::smtpd
