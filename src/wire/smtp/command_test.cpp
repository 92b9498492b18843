#include "smtp/command.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

template <class T>
std::optional<T> parsed(std::string_view line, const CommandRules& rules = {}) {
  auto command = parse_command(line, rules);
  if (auto* got = std::get_if<T>(&command)) return std::move(*got);
  return std::nullopt;
}

TEST(SmtpCommand, ReadsPlainCommandsInAnyCase) {
  EXPECT_TRUE(parsed<Data>("data"));
  EXPECT_TRUE(parsed<Rset>("RSET "));
  EXPECT_TRUE(parsed<Quit>("QuIt \t"));
  EXPECT_TRUE(parsed<StartTls>("STARTTLS"));
  EXPECT_TRUE(parsed<Noop>("NOOP whatever"));
  EXPECT_EQ(parsed<Help>("HELP MAIL")->about, "MAIL");
  EXPECT_EQ(parsed<Etrn>("ETRN example.org")->node, "example.org");
  EXPECT_TRUE(parsed<Mail>("MAIL FROM:<a@b.example>"));
  EXPECT_TRUE(parsed<Rcpt>("rcpt to:<a@b.example>"));
  EXPECT_EQ(parsed<Vrfy>("VRFY bob")->what, "bob");
  EXPECT_TRUE(parsed<Expn>("EXPN jürgen smtputf8")->smtputf8);
  for (const auto line : {"DATA x"sv, "RSET x"sv, "QUIT x"sv, "STARTTLS x"sv, "VRFY"sv, "EXPN "sv,
                          "ETRN"sv, "MAIL"sv, "RCPT"sv, "EHLO"sv, "AUTH"sv})
    EXPECT_EQ(parsed<RefusedCommand>(line)->reply.code, 501) << line;
}

TEST(SmtpCommand, TakesAnyHello) {
  const auto good = parsed<Hello>("EHLO MX.Example.org");
  ASSERT_TRUE(good && good->domain);
  EXPECT_EQ(good->kind, HelloKind::ehlo);
  EXPECT_EQ(good->domain->ascii, "mx.example.org");
  const auto literal = parsed<Hello>("HELO [IPv6:::1]");
  ASSERT_TRUE(literal && literal->domain);
  EXPECT_TRUE(literal->domain->literal);
  for (const auto name : {"my laptop"sv, "win_pc"sv, "192.168.1."sv, "[::1]"sv, "\xe4"sv, "-"sv}) {
    const auto odd = parsed<Hello>("LHLO " + std::string{name});
    ASSERT_TRUE(odd) << name;
    EXPECT_EQ(odd->name, name);
    EXPECT_FALSE(odd->domain);
  }
  EXPECT_TRUE(parsed<RefusedCommand>("EHLO a\x01"));
  EXPECT_TRUE(parsed<RefusedCommand>("EHLO " + std::string(256, 'a')));
}

TEST(SmtpCommand, ReadsBdat) {
  const auto last = parsed<Bdat>("BDAT 18446744073709551615 last");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->size, UINT64_MAX);
  EXPECT_TRUE(last->last);
  EXPECT_FALSE(parsed<Bdat>("BDAT 0")->last);
  for (const auto line : {"BDAT"sv, "BDAT x"sv, "BDAT -1"sv, "BDAT 18446744073709551616"sv,
                          "BDAT 1 FIRST"sv, "BDAT 1 LAST LAST"sv, "BDAT 1LAST"sv})
    EXPECT_EQ(parsed<RefusedCommand>(line)->reply.code, 521) << line;
}

TEST(SmtpCommand, ReadsAuth) {
  const auto plain = parsed<Auth>("AUTH plain AGEAYg==");
  ASSERT_TRUE(plain && plain->initial);
  EXPECT_EQ(plain->mechanism, "PLAIN");
  EXPECT_EQ(plain->initial->reveal(), "AGEAYg==");
  EXPECT_FALSE(parsed<Auth>("AUTH SCRAM-SHA-256-PLUS")->initial);
  EXPECT_EQ(parsed<Auth>("AUTH EXTERNAL =")->initial->reveal(), "");
  for (const auto line : {"AUTH a b c"sv, "AUTH pl@in"sv, "AUTH aaaaaaaaaaaaaaaaaaaaa"sv})
    EXPECT_TRUE(parsed<RefusedCommand>(line)) << line;
}

TEST(SmtpCommand, RefusesSmuggledAndForeignLines) {
  for (const auto line :
       {"NOOP\nDATA"sv, "NOOP\rDATA"sv, "NOOP \0"sv, "MAIL FROM:<>\n"sv, "EHLO a\0b"sv, "DATA\r"sv})
    EXPECT_EQ(parsed<RefusedCommand>(line)->reply.code, 500) << line;
  EXPECT_FALSE(parsed<UnknownCommand>("MAILX a")->foreign);
  EXPECT_FALSE(parsed<UnknownCommand>("")->foreign);
  EXPECT_EQ(parsed<UnknownCommand>("XCLIENT a=b")->verb, "XCLIENT");
  for (const auto line : {"GET / HTTP/1.1"sv, "\x16\x03\x01\0"sv, "CONNECT a:25 HTTP/1.0"sv,
                          "{\"id\":1}"sv, "SSH-2.0-x"sv})
    EXPECT_TRUE(parsed<UnknownCommand>(line)->foreign) << line;
}

}  // namespace
}  // namespace postern::smtp
