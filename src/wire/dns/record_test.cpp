#include "dns/record.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "dns/answer.hpp"

namespace postern::dns {
namespace {

using namespace std::string_view_literals;

struct Case {
  Type type;
  std::string_view rdata;
  std::string_view text;
};

const Case kCases[] = {
    {Type::a, "\xc0\x00\x02\x01"sv, "192.0.2.1"},
    {Type::aaaa, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"sv, "2001:db8::1"},
    {Type::mx, "\x00\x0a\x02mx\x01z\x00"sv, "10 mx.z."},
    {Type::mx, "\x00\x00\x00"sv, "0 ."},
    {Type::txt, "\x02v=\x03ok\""sv, "\"v=ok\\\"\""},
    {Type::txt, "\x00"sv, "\"\""},
    {Type::txt, "\x02\xff\n"sv, "\"\\255\\010\""},
    {Type::cname, "\x01y\x01z\x00"sv, "y.z."},
    {Type::ns, "\x01y\x00"sv, "y."},
    {Type::ptr, "\x01y\x00"sv, "y."},
    {Type::soa, "\x01n\x00\x01h\x00\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\x01\0"sv,
     "n. h. 1 2 3 4 256"},
    {Type::srv, "\x00\x01\x00\x02\x00\x19\x01t\x00"sv, "1 2 25 t."},
    {Type::ds, "\x4f\x66\x08\x02\xe0\x6d"sv, "20326 8 2 e06d"},
    {Type::tlsa, "\x03\x01\x01\xab\xcd"sv, "3 1 1 abcd"},
    {Type::caa, "\x80\x05issueca.example"sv, "128 issue \"ca.example\""},
};

TEST(DnsRecord, ReadsAndPrintsEveryType) {
  for (const auto& [type, rdata, text] : kCases) {
    const auto got = parse_rdata(type, rdata);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(to_string(*got), text);
    const auto again = parse_rdata(type, to_rdata(*got));
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, *got) << text;
  }
}

TEST(DnsRecord, RefusesTruncatedAndOverlongRdata) {
  for (const auto& [type, rdata, text] : kCases) {
    // What ends in free octets is still whole with one less or one more.
    const bool open_ended = type == Type::ds || type == Type::tlsa || type == Type::caa;
    for (std::size_t cut = 0; cut < rdata.size(); ++cut) {
      const auto got = parse_rdata(type, rdata.substr(0, cut));
      if (open_ended && got) continue;
      if (type == Type::txt && cut == 3 && got) continue;  // Ends between two strings.
      ASSERT_FALSE(got) << text << " cut at " << cut;
      EXPECT_EQ(got.error().code, Errc::bad_syntax);
    }
    if (!open_ended) {
      EXPECT_FALSE(parse_rdata(type, std::string{rdata} + "\x7f")) << text;
    }
  }
  EXPECT_FALSE(parse_rdata(Type::txt, ""));
  EXPECT_FALSE(parse_rdata(Type::tlsa, "\x03\x01\x01"sv));
  EXPECT_FALSE(parse_rdata(Type::ds, "\x4f\x66\x08\x02"sv));
  EXPECT_FALSE(parse_rdata(Type::caa, "\x00\x00ca"sv));
  EXPECT_FALSE(parse_rdata(Type::caa, "\x00\x02i!ca"sv));
  EXPECT_FALSE(parse_rdata(Type::mx, "\x00\x0a\xc0\x0c"sv));  // Compression.
}

TEST(DnsRecord, WritesLongTextInPieces) {
  const Txt txt{std::string(600, 'k')};
  const auto rdata = to_rdata(txt);
  EXPECT_EQ(rdata.size(), 603U);
  const auto got = parse_rdata(Type::txt, rdata);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, Record{txt});
}

TEST(DnsRecord, KnowsTypeNames) {
  for (const auto& [type, rdata, text] : kCases) EXPECT_EQ(parse_type(to_string(type)), type);
  EXPECT_EQ(parse_type("tlsa"), Type::tlsa);
  EXPECT_EQ(parse_type("TYPE99"), std::nullopt);
  EXPECT_EQ(to_string(static_cast<Type>(99)), "TYPE99");
  const auto got = parse_rdata(static_cast<Type>(99), "x");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::unsupported);
}

TEST(DnsRecord, ACaaFlagMayBeCritical) {
  EXPECT_TRUE(Caa{.flags = 128}.critical());
  EXPECT_FALSE(Caa{.flags = 1}.critical());
}

TEST(DnsAnswer, NothingForgottenLooksLikeSuccess) {
  const Answer answer;
  EXPECT_TRUE(answer.temporary());
  EXPECT_FALSE(answer.found());
  EXPECT_FALSE(answer.secure());
  EXPECT_TRUE((Answer{.status = Status::bogus, .outcome = Outcome::nxdomain}.temporary()));
  EXPECT_FALSE((Answer{.status = Status::insecure, .outcome = Outcome::nxdomain}.temporary()));
}

TEST(DnsAnswer, SortsRecordsByKind) {
  const Answer answer{.status = Status::secure,
                      .outcome = Outcome::found,
                      .records = {Txt{"a"}, Mx{.preference = 5}, Txt{"b"}}};
  EXPECT_EQ(answer.all<Txt>(), (std::vector<Txt>{{"a"}, {"b"}}));
  EXPECT_EQ(answer.all<Mx>().size(), 1U);
  EXPECT_EQ(to_string(Question{Name::parse("Z.example").value(), Type::mx}), "z.example MX");
}

}  // namespace
}  // namespace postern::dns
