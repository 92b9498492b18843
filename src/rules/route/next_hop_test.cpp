#include "route/next_hop.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace postern::route {
namespace {

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

NextHop at(std::string_view ip, std::uint16_t port) {
  return {.host = *text::IpAddress::parse(ip), .port = port};
}

TEST(NextHop, ReadsAddressesNamesAndPorts) {
  EXPECT_EQ(parse_next_hop("192.0.2.1").value(), at("192.0.2.1", 25));
  EXPECT_EQ(parse_next_hop("192.0.2.1:2525").value(), at("192.0.2.1", 2525));
  EXPECT_EQ(parse_next_hop("2001:db8::1").value(), at("2001:db8::1", 25));
  EXPECT_EQ(parse_next_hop("[2001:db8::1]:2525").value(), at("2001:db8::1", 2525));
  EXPECT_EQ(parse_next_hop("[192.0.2.1]").value(), at("192.0.2.1", 25));
  EXPECT_EQ(parse_next_hop("Relay.example:587").value(),
            (NextHop{.host = name("relay.example"), .port = 587}));
}

TEST(NextHop, RefusesAnythingElse) {
  for (const std::string_view bad : {"", ":25", "a:", "a:0", "a:65536", "a:25x", "a b", "[::1",
                                     "[::1]25", "[::1]:", "[host]:25", "a:1:2", "_x:25"})
    EXPECT_FALSE(parse_next_hop(bad)) << bad;
}

TEST(FindRoute, TakesTheNearest) {
  const std::vector<StaticRoute> routes{
      {.domain = name("example"), .subdomains = true, .to = at("192.0.2.1", 1)},
      {.domain = name("a.example"), .to = at("192.0.2.1", 2)},
      {.domain = {}, .to = at("192.0.2.1", 3)},
      {.domain = name("b.example"), .subdomains = true, .to = at("192.0.2.1", 4)},
  };
  const auto port = [&](std::string_view domain) {
    return find_route(routes, name(domain))->to.port;
  };
  EXPECT_EQ(port("example"), 1);
  EXPECT_EQ(port("c.example"), 1);
  EXPECT_EQ(port("a.example"), 2);
  EXPECT_EQ(port("x.a.example"), 1);  // a.example's route is for itself alone.
  EXPECT_EQ(port("b.example"), 4);
  EXPECT_EQ(port("x.b.example"), 4);
  EXPECT_EQ(port("example.org"), 3);
  EXPECT_EQ(find_route(routes, std::nullopt)->to.port, 3);
  EXPECT_EQ(find_route({routes[0]}, name("example.org")), nullptr);
  EXPECT_EQ(find_route({routes[0]}, std::nullopt), nullptr);
}

}  // namespace
}  // namespace postern::route
