#include "authres/received_spf.hpp"

#include <gtest/gtest.h>

#include "text/ascii.hpp"

namespace postern::authres {
namespace {

TEST(ReceivedSpf, Prints) {
  EXPECT_EQ(
      to_field(ReceivedSpf{.result = "pass",
                           .comment = "mx.example.org: 192.0.2.1 is one of example.com's (sic)",
                           .client_ip = text::IpAddress::parse("192.0.2.1"),
                           .envelope_from = "myname@example.com",
                           .helo = "foo.example.com",
                           .receiver = "mx.example.org",
                           .identity = "mailfrom",
                           .mechanism = "ip4:192.0.2.0/24"}),
      "Received-SPF: pass (mx.example.org: 192.0.2.1 is one of example.com's \\(sic\\))\r\n"
      "\tclient-ip=192.0.2.1; envelope-from=\"myname@example.com\";\r\n"
      "\thelo=foo.example.com; receiver=mx.example.org; identity=mailfrom;\r\n"
      "\tmechanism=\"ip4:192.0.2.0/24\";\r\n");
  EXPECT_EQ(to_field(ReceivedSpf{.result = "NONE"}), "Received-SPF: none\r\n");
  EXPECT_EQ(to_field(ReceivedSpf{.result = "fail", .mechanism = "-all"}),
            "Received-SPF: fail mechanism=-all;\r\n");
}

TEST(ReceivedSpf, NothingGetsOutOfItsPlace) {
  const std::string evil = "a\r\n\r\nb) \"; x=\\";
  const auto field = to_field(ReceivedSpf{.result = evil,
                                          .comment = evil,
                                          .envelope_from = evil + "\xc3\xa4",
                                          .helo = evil,
                                          .problem = std::string(5000, 'x')});
  EXPECT_EQ(field.find("\r\n\r\n"), field.npos);
  EXPECT_TRUE(
      field.starts_with("Received-SPF: abx (a????b\\) \"; x=\\\\) envelope-from=\"a????b) "))
      << field;
  EXPECT_TRUE(text::is_ascii(field));
  for (const auto line : text::split(field, '\n')) EXPECT_LT(line.size(), 998U);
  EXPECT_NE(
      to_field(ReceivedSpf{.result = "pass", .envelope_from = "\xc3\xa4@b.example"}, Charset::utf8)
          .find("\xc3\xa4"),
      std::string::npos);
}

}  // namespace
}  // namespace postern::authres
