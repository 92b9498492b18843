#include "net/places.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace postern::net {
namespace {

using namespace std::chrono_literals;

text::IpAddress ip(const char* text) {
  return text::IpAddress::parse(text).value();
}

TEST(Places, CountsHosts) {
  Places places{{.per_host = 2, .per_net = 100}};
  auto a = places.enter(ip("192.0.2.1"));
  auto b = places.enter(ip("192.0.2.1"));
  ASSERT_TRUE(a && b);
  EXPECT_FALSE(places.enter(ip("192.0.2.1")));
  EXPECT_TRUE(places.enter(ip("192.0.2.2"))) << "another one's are his own";
  b.reset();
  EXPECT_TRUE(places.enter(ip("192.0.2.1")));
  const auto c = places.enter(ip("2001:db8::1"));
  const auto d = places.enter(ip("2001:db8::2"));
  EXPECT_FALSE(places.enter(ip("2001:db8::3"))) << "a /64 is one host";
  EXPECT_TRUE(places.enter(ip("2001:db8:0:1::3")));
}

/// A refusal by the net's count must not stay in the host's, nor the other way round.
TEST(Places, CountsNets) {
  Places places{{.per_host = 2, .per_net = 3}};
  std::vector<std::shared_ptr<void>> held;
  for (const char* const peer : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    held.push_back(places.enter(ip(peer)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(places.enter(ip("192.0.2.1")));
    EXPECT_FALSE(places.enter(ip("192.0.2.4")));
  }
  EXPECT_TRUE(places.enter(ip("192.0.3.1")));
  held.pop_back();
  auto second = places.enter(ip("192.0.2.1"));
  EXPECT_TRUE(second);
  second.reset();
  held.clear();
  for (int i = 0; i < 2; ++i) held.push_back(places.enter(ip("192.0.2.1")));
  EXPECT_FALSE(places.enter(ip("192.0.2.1")));
  EXPECT_TRUE(held.back());
  const auto a = places.enter(ip("2001:db8::1"));
  const auto b = places.enter(ip("2001:db8:0:1::1"));
  const auto c = places.enter(ip("2001:db8:0:2::1"));
  EXPECT_TRUE(a && b && c);
  EXPECT_FALSE(places.enter(ip("2001:db8:0:3::1"))) << "all of one /56";
  EXPECT_TRUE(places.enter(ip("2001:db8:0:100::1")));
}

TEST(Places, LoopbackHasNoLimit) {
  Places places{{.per_host = 1, .per_net = 1}};
  std::vector<std::shared_ptr<void>> held;
  for (int i = 0; i < 100; ++i) held.push_back(places.enter(ip(i % 2 == 0 ? "127.0.0.1" : "::1")));
  for (const auto& place : held) EXPECT_TRUE(place);
}

TEST(Places, NoneIsNoLimit) {
  Places places{{.per_host = 0, .per_net = 0}};
  const auto a = places.enter(ip("192.0.2.1"));
  const auto b = places.enter(ip("192.0.2.1"));
  EXPECT_TRUE(a && b);
}

TEST(Places, APlaceMayOutliveThem) {
  auto places = std::make_unique<Places>(Places::Limits{});
  auto place = places->enter(ip("192.0.2.1"));
  places.reset();
  place.reset();
}

TEST(Places, AFloodOfRefusalsIsToldOnceAMinute) {
  Places places{{.per_host = 1, .per_net = 1}};
  const Instant start{};
  EXPECT_TRUE(places.report(start).empty());
  const auto a = places.enter(ip("192.0.2.1"));
  const auto b = places.enter(ip("2001:db8::1"));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(places.enter(ip("192.0.2.2")));
  EXPECT_FALSE(places.enter(ip("2001:db8:0:12::1")));
  const auto first = places.report(start + 1s);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first.at(0).net, "192.0.2.0/24");
  EXPECT_EQ(first.at(0).times, 3U);
  EXPECT_EQ(first.at(1).net, "2001:db8::/56");
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(places.enter(ip("192.0.2.2")));
  EXPECT_TRUE(places.report(start + 60s).empty()) << "told of a moment ago";
  const auto second = places.report(start + 61s);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second.at(0).times, 1000U);
  EXPECT_TRUE(places.report(start + 200s).empty());
  EXPECT_EQ(places.refused(), 1004U);
  EXPECT_FALSE(places.enter(ip("192.0.2.2")));
  EXPECT_EQ(places.report(start + 201s).size(), 1U) << "at once, after a quiet minute";
}

TEST(Places, OfManyRefusedNetsFewAreNamed) {
  Places places{{.per_host = 1, .per_net = 1}};
  std::vector<std::shared_ptr<void>> held;
  const std::size_t nets = Places::kToldApart + 500;
  for (std::size_t i = 0; i < nets; ++i) {
    const auto peer = text::IpAddress::v4(
        {10, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i), 1});
    held.push_back(places.enter(peer));
    for (int n = 0; n < (i == 700 ? 5 : 2); ++n) EXPECT_FALSE(places.enter(peer));
  }
  const auto report = places.report(Instant{});
  ASSERT_EQ(report.size(), Places::kNamed + 1);
  EXPECT_EQ(report.front().net, "10.2.188.0/24");
  EXPECT_EQ(report.front().times, 5U);
  EXPECT_TRUE(report.back().net.empty());
  std::uint64_t sum = 0;
  for (const auto& one : report) sum += one.times;
  EXPECT_EQ(sum, 2 * nets + 3);
}

}  // namespace
}  // namespace postern::net
