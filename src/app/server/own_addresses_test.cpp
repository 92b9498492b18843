#include "server/own_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

text::IpAddress ip(const char* text) {
  return text::IpAddress::parse(text).value_or(text::IpAddress{});
}

const std::vector<text::IpAddress> kMachine{ip("127.0.0.1"), ip("192.0.2.1"), ip("::1"),
                                            ip("2001:db8::1"), ip("10.0.0.1")};

std::vector<text::IpAddress> own(std::vector<net::Endpoint> smtp, std::uint16_t port = 25) {
  return own_addresses(smtp, port, kMachine);
}

TEST(OwnAddresses, OfAWildcardAreAllOfItsFamily) {
  EXPECT_THAT(own({{.ip = ip("0.0.0.0"), .port = 25}}),
              ElementsAre(ip("192.0.2.1"), ip("10.0.0.1")));
  EXPECT_THAT(own({{.ip = ip("::"), .port = 25}}), ElementsAre(ip("2001:db8::1")));
}

TEST(OwnAddresses, AreThoseThatAreNamed) {
  EXPECT_THAT(own({{.ip = ip("192.0.2.7"), .port = 25}}), ElementsAre(ip("192.0.2.7")));
  EXPECT_THAT(own({{.ip = ip("0.0.0.0"), .port = 25}, {.ip = ip("192.0.2.1"), .port = 25}}),
              ElementsAre(ip("192.0.2.1"), ip("10.0.0.1")));
}

TEST(OwnAddresses, AreNotThoseOfAnotherServer) {
  EXPECT_THAT(own({}), IsEmpty());
  EXPECT_THAT(own({{.ip = ip("0.0.0.0"), .port = 2525}}), IsEmpty());
  EXPECT_THAT(own({{.ip = ip("127.0.0.1"), .port = 25}}), IsEmpty());
}

TEST(OwnAddresses, TheMachineTellsThem) {
  EXPECT_THAT(machine_addresses(), Contains(ip("127.0.0.1")));
}

}  // namespace
}  // namespace postern::server
