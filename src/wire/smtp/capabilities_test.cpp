#include "smtp/capabilities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

TEST(SmtpCapabilities, ReadsWhatServersSay) {
  const auto got = parse_capabilities(
      {250,
       {},
       "SIZE.example at your service\npipelining\nSIZE 35882577\n8BITMIME\nSTARTTLS\n"
       "AUTH PLAIN login\nAUTH=LOGIN XOAUTH2\nX-NEW thing\nCHUNKING\nSMTPUTF8\n"
       "LIMITS RCPTMAX=100 MAILMAX=0 RCPTDOMAINMAX=x NEW=1 rcptdomainmax=2\n"});
  EXPECT_EQ(got, (Capabilities{.pipelining = true,
                               .eight_bit_mime = true,
                               .smtputf8 = true,
                               .starttls = true,
                               .chunking = true,
                               .size = true,
                               .max_size = 35882577,
                               .auth = {"PLAIN", "LOGIN", "XOAUTH2"},
                               .rcpt_max = 100,
                               .rcpt_domain_max = 2}));
  EXPECT_TRUE(got.offers_auth("plain"));
  EXPECT_FALSE(got.offers_auth("SCRAM-SHA-256"));
}

TEST(SmtpCapabilities, TheFirstLineIsAName) {
  EXPECT_EQ(parse_capabilities({250, {}, "STARTTLS"}), Capabilities{});
  EXPECT_EQ(parse_capabilities({250, {}, ""}), Capabilities{});
  for (const auto* size : {"h\nSIZE", "h\nSIZE 0", "h\nSIZE x"}) {
    const auto got = parse_capabilities({250, {}, size});
    EXPECT_TRUE(got.size);
    EXPECT_FALSE(got.max_size);
  }
}

TEST(SmtpCapabilities, PrintsWhatItReads) {
  const Capabilities all{.pipelining = true,
                         .eight_bit_mime = true,
                         .smtputf8 = true,
                         .starttls = true,
                         .chunking = true,
                         .binary_mime = true,
                         .dsn = true,
                         .enhanced_status_codes = true,
                         .requiretls = true,
                         .size = true,
                         .max_size = 104857600,
                         .auth = {"SCRAM-SHA-256-PLUS", "PLAIN"},
                         .rcpt_max = 1000,
                         .mail_max = 50,
                         .rcpt_domain_max = 1};
  const auto reply = to_reply(all, "mx.example", "hello");
  EXPECT_EQ(reply.code, 250);
  EXPECT_TRUE(reply.text.starts_with("mx.example hello\nSIZE 104857600\nPIPELINING\n"));
  EXPECT_THAT(reply.text, testing::HasSubstr("\nAUTH SCRAM-SHA-256-PLUS PLAIN\n"));
  EXPECT_THAT(reply.text, testing::EndsWith("\nLIMITS RCPTMAX=1000 MAILMAX=50 RCPTDOMAINMAX=1"));
  EXPECT_EQ(parse_capabilities(reply), all);
  EXPECT_EQ(parse_capabilities(to_reply({}, "mx.example", "")), Capabilities{});
}

}  // namespace
}  // namespace postern::smtp
