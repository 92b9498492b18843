#include "smtp/received.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::chrono_literals;

Timestamp at() {
  return std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 23h + 5min + 9s;
}

TEST(SmtpReceived, TellsHowMailCame) {
  Received received{.client = Received::Client{.hello = "mail.example.org",
                                               .name = "out7.example.org",
                                               .ip = *text::IpAddress::parse("2001:db8::7")},
                    .by = "mx.example.net",
                    .with = {.tls = true},
                    .tls = "TLS1.3 TLS_AES_256_GCM_SHA384",
                    .id = "4f2a",
                    .recipient = *parse_address("bob@example.net"),
                    .time = at(),
                    .utc_offset = 90min};
  EXPECT_EQ(received_field(received),
            "Received: from mail.example.org (out7.example.org [IPv6:2001:db8::7])\r\n"
            "\tby mx.example.net with ESMTPS\r\n"
            "\t(TLS1.3 TLS_AES_256_GCM_SHA384)\r\n"
            "\tid 4f2a\r\n"
            "\tfor <bob@example.net>;\r\n"
            "\tFri, 1 Mar 2024 00:35:09 +0130\r\n");
  received.client.reset();
  received.recipient.reset();
  received.tls.clear();
  EXPECT_EQ(received_field(received),
            "Received: by mx.example.net with ESMTPS\r\n\tid 4f2a;\r\n"
            "\tFri, 1 Mar 2024 00:35:09 +0130\r\n");
}

TEST(SmtpReceived, KeepsWhatClientsSayInItsPlace) {
  const Received received{.client = Received::Client{.hello = "a)\r\nX: y (\\\xff",
                                                     .name = "b\r\nY: z",
                                                     .ip = *text::IpAddress::parse("192.0.2.1")},
                          .by = "mx.example.net",
                          .id = "1\r\n2",
                          .time = at()};
  EXPECT_EQ(received_field(received),
            "Received: from unknown ([192.0.2.1]) (said a\\)??X: y \\(\\\\?)\r\n"
            "\tby mx.example.net with ESMTP\r\n\tid 12;\r\n\tThu, 29 Feb 2024 23:05:09 +0000\r\n");
}

TEST(SmtpReceived, NamesProtocols) {
  EXPECT_EQ(to_string(WithProtocol{.extended = false}), "SMTP");
  EXPECT_EQ(to_string(WithProtocol{.tls = true, .authenticated = true}), "ESMTPSA");
  EXPECT_EQ(to_string(WithProtocol{.authenticated = true, .smtputf8 = true}), "UTF8SMTPA");
  EXPECT_EQ(to_string(WithProtocol{.lmtp = true, .tls = true, .smtputf8 = true}), "UTF8LMTPS");
  EXPECT_EQ(to_string(WithProtocol{.lmtp = true}), "LMTP");
}

TEST(SmtpReceived, PrintsDates) {
  EXPECT_EQ(to_date(from_micros(0), -330min), "Wed, 31 Dec 1969 18:30:00 -0530");
  EXPECT_EQ(to_date(from_micros(-1)), "Wed, 31 Dec 1969 23:59:59 +0000");
}

}  // namespace
}  // namespace postern::smtp
