#include "smtp/envelope.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

constexpr CommandRules kAll{.binary_mime = true,
                            .dsn = true,
                            .auth = true,
                            .requiretls = true,
                            .future_release = true,
                            .deliver_by = true,
                            .mt_priority = true,
                            .utf8_transaction = true};

TEST(SmtpEnvelope, ReadsMailWithEveryParameter) {
  const auto got = parse_mail(
      "from:<User@Example.org> size=12 body=8bitmime SMTPUTF8 RET=hdrs ENVID=QQ+2B314 "
      "AUTH=e+3Dmc2@example.com REQUIRETLS BY=120;R HOLDFOR=60 MT-PRIORITY=3",
      kAll);
  ASSERT_TRUE(got) << to_line(got.error());
  EXPECT_EQ(to_path(got->from, true), "<User@Example.org>");
  EXPECT_EQ(got->size, 12U);
  EXPECT_EQ(got->body, Body::eight_bit_mime);
  EXPECT_TRUE(got->smtputf8);
  EXPECT_EQ(got->ret, Ret::headers);
  EXPECT_EQ(got->envid, "QQ+314");
  EXPECT_EQ(got->auth, "e=mc2@example.com");
  EXPECT_TRUE(got->requiretls);
  EXPECT_EQ(got->others,
            (std::vector<RawParam>{{"BY", "120;R"}, {"HOLDFOR", "60"}, {"MT-PRIORITY", "3"}}));
  const auto printed = mail_command(*got);
  ASSERT_TRUE(printed.starts_with("MAIL FROM:"));
  EXPECT_EQ(parse_mail(printed.substr(5), kAll), *got);
}

TEST(SmtpEnvelope, ToleratesWhatClientsWrite) {
  for (const auto args : {"FROM:<a@b.example>"sv, "FROM: <a@b.example>"sv,
                          " from:  <a@b.example>"sv, "FROM:<@x.example:a@b.example>  SIZE=1 "sv}) {
    const auto got = parse_mail(args, {});
    ASSERT_TRUE(got) << args;
    EXPECT_EQ(to_path(got->from, false), "<a@b.example>");
  }
  EXPECT_TRUE(parse_mail("FROM:a@b.example SIZE=1", {.bare_brackets = true}));
  EXPECT_EQ(parse_mail("FROM:<> SIZE=99999999999999999999", {})->size, UINT64_MAX);
  EXPECT_EQ(parse_mail("FROM:<> AUTH=<>", {.auth = true})->auth, "");
  EXPECT_EQ(mail_command(Mail{}), "MAIL FROM:<>");
}

TEST(SmtpEnvelope, AnswersBrokenMail) {
  struct Case {
    std::string_view args;
    int code;
    std::string_view status;
  };
  for (const auto& [args, code, status] : std::initializer_list<Case>{
           {"", 501, "5.5.4"},
           {"FROM", 501, "5.5.4"},
           {"TO:<a@b.example>", 501, "5.5.4"},
           {"FROM:", 501, "5.1.7"},
           {"FROM:a@b.example", 501, "5.1.7"},
           {"FROM:<a@b.example", 501, "5.1.7"},
           {"FROM:<a@b.example>SIZE=1", 501, "5.5.4"},
           {"FROM:<> SIZE=1 size=1", 501, "5.5.4"},
           {"FROM:<> SIZE=", 501, "5.5.4"},
           {"FROM:<> SIZE", 501, "5.5.4"},
           {"FROM:<> SIZE=-1", 501, "5.5.4"},
           {"FROM:<> SIZE=999999999999999999999", 501, "5.5.4"},
           {"FROM:<> =1", 501, "5.5.4"},
           {"FROM:<> -A=1", 501, "5.5.4"},
           {"FROM:<> A_B=1", 501, "5.5.4"},
           {"FROM:<> SIZE=1=1", 501, "5.5.4"},
           {"FROM:<> BODY=9BIT", 501, "5.5.4"},
           {"FROM:<> SMTPUTF8=1", 501, "5.5.4"},
           {"FROM:<> REQUIRETLS=1", 501, "5.5.4"},
           {"FROM:<> RET=ALL", 501, "5.5.4"},
           {"FROM:<> ENVID=+GG", 501, "5.5.4"},
           {"FROM:<> ENVID=+0D+0A", 501, "5.5.4"},
           {"FROM:<> AUTH=nobody", 501, "5.5.4"},
           {"FROM:<> BY", 501, "5.5.4"},
           {"FROM:<> NOTIFY=NEVER", 555, "5.5.4"},
           {"FROM:<> XUNKNOWN=1", 555, "5.5.4"},
           {"FROM:<ä@b.example>", 550, "5.6.7"},
           {"FROM:<a@bücher.example>", 550, "5.6.7"},
       }) {
    const auto got = parse_mail(args, kAll);
    ASSERT_FALSE(got) << args;
    EXPECT_EQ(got.error().code, code) << args;
    ASSERT_TRUE(got.error().status);
    EXPECT_EQ(to_string(*got.error().status), status) << args;
  }
  EXPECT_FALSE(parse_mail("FROM:<> ENVID=" + std::string(101, 'a'), kAll));
  for (const auto word : {"RET=FULL"sv, "ENVID=a"sv, "AUTH=<>"sv, "REQUIRETLS"sv, "BY=1;R"sv,
                          "HOLDFOR=1"sv, "MT-PRIORITY=1"sv})
    EXPECT_EQ(parse_mail("FROM:<> " + std::string{word}, {}).error().code, 555) << word;
  EXPECT_EQ(parse_mail("FROM:<> BODY=BINARYMIME", {}).error().code, 501);
}

TEST(SmtpEnvelope, ReadsRcpt) {
  const auto got = parse_rcpt(
      "TO: <Bob@example.com> NOTIFY=SUCCESS,delay ORCPT=RFC822;Bob+2Btag@example.com", kAll);
  ASSERT_TRUE(got) << to_line(got.error());
  EXPECT_EQ(got->to.local, "Bob");
  EXPECT_EQ(got->notify, (Notify{.success = true, .delay = true}));
  EXPECT_EQ(got->original, (OriginalRecipient{"rfc822", "Bob+tag@example.com"}));
  EXPECT_EQ(rcpt_command(*got, false),
            "RCPT TO:<Bob@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2Btag@example.com");
  EXPECT_EQ(parse_rcpt(rcpt_command(*got, false).substr(5), kAll), *got);

  const auto never = parse_rcpt("TO:<postmaster> NOTIFY=NEVER ORCPT=utf-8;\\x{FC}@example", kAll);
  ASSERT_TRUE(never);
  EXPECT_TRUE(never->to.is_bare_postmaster());
  EXPECT_EQ(never->notify, Notify{});
  EXPECT_EQ(never->original->address, "ü@example");
  EXPECT_EQ(rcpt_command(*never, false),
            "RCPT TO:<postmaster> NOTIFY=NEVER ORCPT=utf-8;\\x{FC}@example");
}

TEST(SmtpEnvelope, AnswersBrokenRcpt) {
  for (const auto& [args, code] : std::initializer_list<std::pair<std::string_view, int>>{
           {"FROM:<a@b.example>", 501},
           {"TO:<>", 501},
           {"TO:<nobody>", 501},
           {"TO:<a@b.example> NOTIFY=NEVER,SUCCESS", 501},
           {"TO:<a@b.example> NOTIFY=", 501},
           {"TO:<a@b.example> NOTIFY", 501},
           {"TO:<a@b.example> ORCPT=a@b.example", 501},
           {"TO:<a@b.example> ORCPT=rfc822;", 501},
           {"TO:<a@b.example> ORCPT=rfc822;a+0A", 501},
           {"TO:<a@b.example> ORCPT=;a", 501},
           {"TO:<a@b.example> ORCPT=rfc822;ä@b", 501},
           {"TO:<a@b.example> SIZE=1", 555}}) {
    const auto got = parse_rcpt(args, kAll);
    ASSERT_FALSE(got) << args;
    EXPECT_EQ(got.error().code, code) << args;
  }
  EXPECT_EQ(parse_rcpt("TO:<a@b.example> NOTIFY=NEVER", {}).error().code, 555);
  const auto utf8 = parse_rcpt("TO:<ä@b.example>", {});
  EXPECT_EQ(to_line(utf8.error()), "553 5.6.7 UTF-8 address needs SMTPUTF8");
}

}  // namespace
}  // namespace postern::smtp
