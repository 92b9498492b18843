#include "smtp/domain.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

TEST(SmtpDomain, KeepsBothForms) {
  const auto plain = parse_domain("MX.Example.ORG");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text, "MX.Example.ORG");
  EXPECT_EQ(plain->ascii, "mx.example.org");
  EXPECT_EQ(*plain, *parse_domain("mx.example.org"));

  const auto idn = parse_domain("Bücher.Example", true);
  ASSERT_TRUE(idn);
  EXPECT_EQ(idn->text, "Bücher.Example");
  EXPECT_EQ(idn->ascii, "xn--bcher-kva.example");
  EXPECT_EQ(to_unicode(*idn), "bücher.example");
  EXPECT_EQ(*idn, *parse_domain("XN--BCHER-KVA.example"));
}

TEST(SmtpDomain, IsNonTransitional) {
  const auto sharp = parse_domain("faß.example", true);
  ASSERT_TRUE(sharp);
  EXPECT_EQ(sharp->ascii, "xn--fa-hia.example");
  // Full-width letters and the ideographic full stop are mapped.
  const auto wide = parse_domain("ｅｘａｍｐｌｅ。org", true);
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->ascii, "example.org");
}

TEST(SmtpDomain, RefusesWhatIsNoDomain) {
  const std::string label64(64, 'a');
  for (const auto bad : {""sv, "."sv, "a."sv, ".a"sv, "a..b"sv, "-a.b"sv, "a-.b"sv, "a_b.c"sv,
                         "a b"sv, "a\0b"sv, "a,b"sv, std::string_view{label64}, "[1.2.3.4"sv})
    EXPECT_FALSE(parse_domain(bad, true)) << bad;
  EXPECT_FALSE(parse_domain("bücher.example", false));
  EXPECT_FALSE(
      parse_domain("b\xfc"
                   "cher.example",
                   true));
  // What UTS 46 maps to ASCII is held to the same rules.
  for (const auto bad : {"ａ＠ｂ.example"sv, "a＿b.example"sv, "［192.0.2.1］"sv, "☃.example"sv})
    EXPECT_FALSE(parse_domain(bad, true)) << bad;
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += "a.";
  longest += 'a';
  EXPECT_TRUE(parse_domain(longest));
  const auto over = parse_domain(longest + "b");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::too_large);
}

TEST(SmtpDomain, ReadsAddressLiterals) {
  const auto four = parse_domain("[192.0.2.1]");
  ASSERT_TRUE(four);
  ASSERT_TRUE(four->literal);
  EXPECT_EQ(four->literal->to_string(), "192.0.2.1");
  for (const auto& [written, canonical] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"},
           {"[ipv6:::]", "[IPv6:::]"},
           {"[IPv6:::1]", "[IPv6:::1]"},
           {"[IPv6:1::]", "[IPv6:1::]"},
           {"[IPv6:1:2:3:4:5:6:7:8]", "[IPv6:1:2:3:4:5:6:7:8]"},
           {"[IPv6:1:0:0:2:0:0:0:3]", "[IPv6:1:0:0:2::3]"},
           {"[IPv6:1:2:3:4:5:6:7::]", "[IPv6:1:2:3:4:5:6:7:0]"},
           {"[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]"}}) {
    const auto got = parse_domain(written);
    ASSERT_TRUE(got) << written;
    EXPECT_EQ(got->ascii, canonical);
    EXPECT_EQ(*parse_domain(got->ascii), *got);
  }
  for (const auto bad :
       {"[]"sv, "[1.2.3]"sv, "[1.2.3.256]"sv, "[1.2.3.4.5]"sv, "[0001.2.3.4]"sv, "[2001:db8::1]"sv,
        "[IPv6:192.0.2.1]"sv, "[IPv6:1:2]"sv, "[IPv6:1::2::3]"sv, "[IPv6:1:2:3:4:5:6:7:8:9]"sv,
        "[IPv6:12345::]"sv, "[IPv6:1:2:3:4:5:6:7::8]"sv, "[IPv6:fe80::1%eth0]"sv, "[X-Tag:a]"sv,
        "[IPv6:1.2.3.4::]"sv, "[IPv6::1]"sv, "[IPv6:1:::2]"sv})
    EXPECT_FALSE(parse_domain(bad)) << bad;
}

}  // namespace
}  // namespace postern::smtp
