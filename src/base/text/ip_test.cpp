#include "text/ip.hpp"

#include <unordered_set>

#include <gtest/gtest.h>

namespace postern::text {
namespace {

std::string canonical(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  return ip ? ip->to_string() : "refused";
}

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

TEST(Ip, PrintsTheCanonicalForm) {
  EXPECT_EQ(canonical("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  // RFC 5952 §4: leading zeros, one group is not shortened, the longest run, the first of two.
  EXPECT_EQ(canonical("2001:0db8::0001"), "2001:db8::1");
  EXPECT_EQ(canonical("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(canonical("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(canonical("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(canonical("::"), "::");
  EXPECT_EQ(canonical("1::"), "1::");
  EXPECT_EQ(canonical("::1"), "::1");
  EXPECT_EQ(canonical("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(canonical("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(canonical("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
}

TEST(Ip, FoldsMappedAddresses) {
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_EQ(canonical("::ffff:c000:201"), "192.0.2.1");
  EXPECT_TRUE(ip("::ffff:7f00:1").is_loopback());
  EXPECT_EQ(ip("192.0.2.1").octets().size(), 4U);
  EXPECT_EQ(ip("2001:db8::1").octets().size(), 16U);
}

TEST(Ip, RefusesWhatIsNotAnAddress) {
  for (const auto* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "01.2.3.4",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1..2.3",
                           "0x7f.0.0.1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "1::2::3",
                           "12345::",
                           "::g",
                           "::1%eth0",
                           "[::1]",
                           ":1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7:8:",
                           "::1.2.3",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "+1.2.3.4"}) {
    EXPECT_EQ(canonical(text), "refused") << text;
  }
}

TEST(Ip, KnowsSpecialBlocks) {
  for (const auto* text : {"127.0.0.1", "127.255.255.255", "::1"})
    EXPECT_TRUE(ip(text).is_loopback()) << text;
  for (const auto* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
                           "100.127.255.255", "fd00::1", "fc00::"})
    EXPECT_TRUE(ip(text).is_private()) << text;
  for (const auto* text : {"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.63.0.1",
                           "100.128.0.1", "fe00::1", "2001:db8::1", "127.0.0.1", "::1"})
    EXPECT_FALSE(ip(text).is_private()) << text;
  for (const auto* text : {"169.254.1.1", "fe80::1", "febf::1"})
    EXPECT_TRUE(ip(text).is_link_local()) << text;
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_TRUE(IpAddress{}.is_unspecified());
  EXPECT_FALSE(ip("0.0.0.1").is_unspecified());
  EXPECT_TRUE(ip("224.0.0.251").is_multicast());
  EXPECT_TRUE(ip("ff02::1").is_multicast());
  EXPECT_FALSE(ip("223.0.0.1").is_multicast());
  EXPECT_FALSE(ip("::2").is_loopback());
}

TEST(Ip, MasksToItsNet) {
  EXPECT_EQ(ip("192.0.2.77").net(24), ip("192.0.2.0"));
  EXPECT_EQ(ip("192.0.2.255").net(26), ip("192.0.2.192"));
  EXPECT_EQ(ip("192.0.2.77").net(0), ip("0.0.0.0"));
  EXPECT_EQ(ip("192.0.2.77").net(200), ip("192.0.2.77"));
  EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6").net(64), ip("2001:db8:1:2::"));
  EXPECT_EQ(ip("192.0.2.77").peer_net(), ip("192.0.2.0"));
  EXPECT_EQ(ip("2001:db8:1:2:3::").peer_net(), ip("2001:db8:1:2::"));
}

TEST(Ip, IsOrderedAndHashable) {
  EXPECT_LT(ip("192.0.2.1"), ip("192.0.2.2"));
  std::unordered_set<IpAddress> set{ip("::1"), ip("127.0.0.1"), ip("::ffff:127.0.0.1")};
  EXPECT_EQ(set.size(), 2U);
}

TEST(Cidr, HoldsItsAddressesOnly) {
  const auto net = Cidr::parse("192.0.2.5/24").value();
  EXPECT_EQ(net.to_string(), "192.0.2.0/24");
  EXPECT_TRUE(net.contains(ip("192.0.2.255")));
  EXPECT_TRUE(net.contains(ip("::ffff:192.0.2.1")));
  EXPECT_FALSE(net.contains(ip("192.0.3.0")));
  EXPECT_TRUE(Cidr::parse("2001:db8::/32")->contains(ip("2001:db8:ffff::1")));
  EXPECT_FALSE(Cidr::parse("2001:db8::/32")->contains(ip("2001:db9::1")));
  EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(ip("8.8.8.8")));
  EXPECT_FALSE(Cidr::parse("::/0")->contains(ip("8.8.8.8")));
  EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains(ip("::1")));
  EXPECT_EQ(Cidr::parse("::1")->prefix, 128U);
  EXPECT_EQ(Cidr::parse("::ffff:192.0.2.1/120"), net);
  for (const auto* text : {"192.0.2.0/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/+1", "/8",
                           "::ffff:1.2.3.4/24", "1.2.3.4/0024"})
    EXPECT_FALSE(Cidr::parse(text)) << text;
}

}  // namespace
}  // namespace postern::text
