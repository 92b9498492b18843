#include "dns/name.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dns {
namespace {

using namespace std::string_view_literals;

Name name(std::string_view text) {
  const auto got = Name::parse(text);
  EXPECT_TRUE(got) << text;
  return got.value_or(Name{});
}

TEST(DnsName, EqualNamesAreEqualValues) {
  EXPECT_EQ(name("Mail.Example.ORG."), name("mail.example.org"));
  EXPECT_EQ(name("mail.example.org").to_string(), "mail.example.org");
  EXPECT_NE(name("mail.example.org"), name("mail.example.net"));
  EXPECT_EQ(name("."), Name{});
  EXPECT_EQ(Name{}.to_string(), ".");
  EXPECT_TRUE(Name{}.is_root());
}

TEST(DnsName, ConvertsULabels) {
  EXPECT_EQ(name("Bücher.example").to_string(), "xn--bcher-kva.example");
  EXPECT_EQ(name("straße.example").to_string(), "xn--strae-oqa.example");
  EXPECT_EQ(name("_dmarc.bücher.example").to_string(), "_dmarc.xn--bcher-kva.example");
  EXPECT_EQ(name("例。テスト").to_string(), "xn--fsq.xn--zckzah");  // U+3002 separates labels.
}

TEST(DnsName, RefusesWhatIsNoName) {
  for (const auto bad : {""sv, ".."sv, ".a"sv, "a..b"sv, "a b"sv, "a\r\n"sv, "a\0b"sv, "a\\"sv,
                         "a\\25"sv, "a\\256"sv, "a\\0x1"sv, "\xff.example"sv,
                         "b\xc3\xbc\0.example"sv, "b\xc3\xbc\\.example"sv, "a\x7f"sv}) {
    const auto got = Name::parse(bad);
    ASSERT_FALSE(got) << bad;
    EXPECT_EQ(got.error().code, Errc::bad_syntax);
  }
}

TEST(DnsName, BoundsLabelsAndNames) {
  const std::string label63(63, 'a');
  EXPECT_TRUE(Name::parse(label63));
  EXPECT_FALSE(Name::parse(label63 + 'a'));
  const std::string longest = label63 + '.' + label63 + '.' + label63 + '.' + std::string(61, 'b');
  EXPECT_EQ(name(longest).to_wire().size(), 255U);
  EXPECT_FALSE(Name::parse(longest + 'b'));
  EXPECT_FALSE(name(longest).below("c"));
  EXPECT_FALSE(Name::parse(std::string(5000, '.')));
}

TEST(DnsName, EscapesOddOctets) {
  const Name odd = name("a\\.b\\032\\\\\\007.Example");
  EXPECT_EQ(odd.depth(), 2U);
  EXPECT_EQ(odd.to_wire(),
            "\x06"
            "a.b \\\x07\x07"
            "example\0"sv);
  EXPECT_EQ(odd.to_string(), "a\\.b\\032\\\\\\007.example");
  EXPECT_EQ(name(odd.to_string()), odd);
}

TEST(DnsName, TakesWireFormOffTheFront) {
  std::string_view wire =
      "\x02MX\x07"
      "Example\0rest"sv;
  const auto got = Name::take(wire);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->to_string(), "mx.example");
  EXPECT_EQ(wire, "rest");
}

TEST(DnsName, RefusesBrokenWireForm) {
  for (const auto bad : {""sv, "\x02m"sv, "\x02mx"sv, "\xc0\x0c"sv, "\x40"sv}) {
    std::string_view wire = bad;
    EXPECT_FALSE(Name::take(wire));
    EXPECT_EQ(wire, bad);
  }
  std::string many;
  for (int i = 0; i < 200; ++i) many += "\x01z";
  many += '\0';
  std::string_view wire = many;
  EXPECT_FALSE(Name::take(wire));
}

TEST(DnsName, KnowsItsPlaceInTheTree) {
  const Name host = name("a.b.example");
  EXPECT_EQ(host.parent(), name("b.example"));
  EXPECT_EQ(name("example").parent(), Name{});
  EXPECT_EQ(Name{}.parent(), Name{});
  EXPECT_EQ(host.depth(), 3U);
  EXPECT_TRUE(host.is_within(host));
  EXPECT_TRUE(host.is_within(name("example")));
  EXPECT_TRUE(host.is_within(Name{}));
  EXPECT_FALSE(name("example").is_within(host));
  EXPECT_FALSE(name("ab.example").is_within(name("b.example")));
  // "example" as octets of a longer label is not a zone boundary.
  EXPECT_FALSE(name("x\\007example").is_within(name("example")));
  const auto tlsa = name("mx.example").below("_25._tcp");
  ASSERT_TRUE(tlsa);
  EXPECT_EQ(tlsa->to_string(), "_25._tcp.mx.example");
}

TEST(DnsName, KnowsHostNames) {
  for (const auto good : {"a"sv, "a-b.example"sv, "1.2.3.4"sv, "xn--bcher-kva.example"sv})
    EXPECT_TRUE(name(good).is_host()) << good;
  for (const auto bad : {"."sv, "-a.example"sv, "a-.example"sv, "_dmarc.example"sv, "a\\.b"sv})
    EXPECT_FALSE(name(bad).is_host()) << bad;
}

TEST(DnsName, ReversesAddresses) {
  EXPECT_EQ(reverse_name(*text::IpAddress::parse("192.0.2.9")).to_string(),
            "9.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*text::IpAddress::parse("2001:db8::567:89ab")).to_string(),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace postern::dns
