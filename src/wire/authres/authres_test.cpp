#include "authres/authres.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/ascii.hpp"

namespace postern::authres {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

AuthenticationResults read(std::string_view value) {
  auto out = parse(value);
  EXPECT_TRUE(out) << value;
  return out ? *out : AuthenticationResults{};
}

/// The value of the only property of the only statement, printed and without its frame.
std::string printed(const std::string& value, Charset charset = Charset::ascii) {
  const AuthenticationResults one{
      "x.example", {{.method = "m", .result = "pass", .properties = {{"smtp", "p", value}}}}};
  const std::string out = to_value(one, charset);
  constexpr std::string_view kFrame = "x.example;\r\n\tm=pass smtp.p=";
  EXPECT_TRUE(out.starts_with(kFrame) || out.contains("\r\n\tsmtp.p=")) << out;
  return out.substr(out.find("smtp.p=") + 7);
}

TEST(AuthenticationResults, Prints) {
  const AuthenticationResults results{
      "mx.example.org",
      {{.method = "iprev",
        .result = "pass",
        .properties = {{"policy", "iprev", "192.0.2.1"}},
        .comment = "mail.example.com"},
       {.method = "spf",
        .result = "fail",
        .reason = "not one of theirs",
        .properties = {{"smtp", "mailfrom", "a@example.com"}}},
       {.method = "dkim",
        .result = "pass",
        .properties = {{"header", "d", "example.com"},
                       {"header", "s", "sel"},
                       {"header", "a", "rsa-sha256"},
                       {"header", "b", "AbC/d+=="}}},
       {.method = "dmarc",
        .result = "pass",
        .properties = {{"header", "from", "example.com"}, {"policy", "dmarc", "reject"}}}}};
  EXPECT_EQ(to_field(results),
            "Authentication-Results: mx.example.org;\r\n"
            "\tiprev=pass (mail.example.com) policy.iprev=192.0.2.1;\r\n"
            "\tspf=fail reason=\"not one of theirs\" smtp.mailfrom=a@example.com;\r\n"
            "\tdkim=pass header.d=example.com header.s=sel header.a=rsa-sha256\r\n"
            "\theader.b=\"AbC/d+==\";\r\n"
            "\tdmarc=pass header.from=example.com policy.dmarc=reject\r\n");
  EXPECT_EQ(read(to_value(results)), results);
  EXPECT_EQ(to_field({"mx.example.org"}), "Authentication-Results: mx.example.org; none\r\n");
}

TEST(AuthenticationResults, QuotesWhatNeedsIt) {
  EXPECT_EQ(printed("plain.example"), "plain.example");
  EXPECT_EQ(printed(""), "\"\"");
  EXPECT_EQ(printed("a b"), "\"a b\"");
  EXPECT_EQ(printed("2001:db8::1"), "\"2001:db8::1\"");
  EXPECT_EQ(printed("x\"y\\z"), "\"x\\\"y\\\\z\"");
  EXPECT_EQ(printed("x; dkim=pass"), "\"x; dkim=pass\"");
  EXPECT_EQ(printed(std::string{"a\r\nX: y\0z", 9}), "\"a??X: y?z\"");
  EXPECT_EQ(printed("@example.com"), "@example.com");
  EXPECT_EQ(printed("a=b/c@example.com"), "a=b/c@example.com");
  EXPECT_EQ(printed("a b;@example.com"), "\"a b;\"@example.com");
  EXPECT_EQ(printed("a@b@example.com"), "\"a@b\"@example.com");
  EXPECT_EQ(printed("a@[192.0.2.1]"), "\"a@[192.0.2.1]\"");
  EXPECT_EQ(printed("a@"), "\"a@\"");
}

TEST(AuthenticationResults, Utf8OnlyWhereItMayStand) {
  EXPECT_EQ(printed("\xc3\xa4@b.example"), "??@b.example");
  EXPECT_EQ(printed("\xc3\xa4@b.example", Charset::utf8), "\xc3\xa4@b.example");
  EXPECT_EQ(printed("\xc3\xa4", Charset::utf8), "\"\xc3\xa4\"");
  EXPECT_EQ(printed("\xe4@b.example", Charset::utf8), "?@b.example");
}

TEST(AuthenticationResults, NothingGetsOutOfItsPlace) {
  const std::string evil = "x\r\n\r\nbody; dkim=pass \"(\\";
  const AuthenticationResults results{evil,
                                      {{.method = evil,
                                        .result = evil,
                                        .reason = evil,
                                        .properties = {{evil, evil, evil}},
                                        .comment = evil}}};
  const std::string field = to_field(results);
  const auto back = read(std::string_view{field}.substr(field.find(':') + 1));
  ASSERT_THAT(back.statements, SizeIs(1));
  EXPECT_EQ(back.statements.front().method, "xbodydkimpass");
  EXPECT_EQ(back.authserv_id, "x????body; dkim=pass \"(\\");
  EXPECT_EQ(back.statements.front().comment, "x????body; dkim=pass \"(\\");
  for (const auto line : text::split(field, '\n')) {
    if (!line.empty()) {
      EXPECT_TRUE(line.starts_with("\t") || line.starts_with("Auth")) << line;
    }
  }
}

TEST(AuthenticationResults, LinesStayShort) {
  AuthenticationResults results{"mx.example.org", {}};
  for (int i = 0; i < 20; ++i) {
    results.statements.push_back({.method = "dkim",
                                  .result = "pass",
                                  .reason = std::string(5000, 'r'),
                                  .properties = {{"header", "i", std::string(5000, 'a')}},
                                  .comment = std::string(5000, '(')});
  }
  for (const auto line : text::split(to_field(results), '\n')) EXPECT_LT(line.size(), 998U);
}

TEST(AuthenticationResults, TheExamplesOfTheStandard) {
  // RFC 8601 Appendix B.
  EXPECT_THAT(read(" example.org 1; none").statements, IsEmpty());
  EXPECT_EQ(read(" example.org 1; none").authserv_id, "example.org");
  EXPECT_EQ(read(" example.com;\r\n          spf=pass smtp.mailfrom=example.net"),
            (AuthenticationResults{"example.com",
                                   {{.method = "spf",
                                     .result = "pass",
                                     .properties = {{"smtp", "mailfrom", "example.net"}}}}}));
  const auto two = read(
      " example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
      " spf=pass smtp.mailfrom=example.net");
  ASSERT_THAT(two.statements, SizeIs(2));
  EXPECT_EQ(two.statements.front().comment, "cram-md5");
  EXPECT_EQ(two.statements.front().property("SMTP", "Auth"), "sender@example.net");
  const auto odd = read(
      " foo.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) = (wait for"
      " it) fail\r\n      policy (A dot can go here) . (like that) expired\r\n"
      "      (this surprised me) = (as I wasn't expecting it) 1362471462");
  EXPECT_EQ(odd.authserv_id, "foo.example.net");
  ASSERT_THAT(odd.statements, SizeIs(1));
  EXPECT_EQ(odd.statements.front().method, "dkim");
  EXPECT_EQ(odd.statements.front().version, 1U);
  EXPECT_EQ(odd.statements.front().result, "fail");
  EXPECT_THAT(odd.statements.front().properties,
              ElementsAre(Property{"policy", "expired", "1362471462"}));
}

TEST(AuthenticationResults, ReadsWhatOthersWrite) {
  const auto google = read(
      "mx.google.com;\r\n       dkim=pass header.i=@example.com header.s=s1 "
      "header.b=\"Ab/c+=\";\r\n"
      "       spf=pass (google.com: domain of a@example.com designates 192.0.2.1 as permitted "
      "sender) smtp.mailfrom=a@example.com;\r\n"
      "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com");
  ASSERT_THAT(google.statements, SizeIs(3));
  EXPECT_EQ(google.statements.at(0).property("header", "b"), "Ab/c+=");
  EXPECT_EQ(google.statements.at(2).comment, "p=REJECT sp=REJECT dis=NONE");
  // Without an id, and with words of their own.
  const auto exchange = read(
      "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=example.com; dkim=none (message not "
      "signed)\r\n header.d=none;dmarc=bestguesspass action=none\r\n"
      " header.from=example.com;compauth=pass reason=109");
  EXPECT_EQ(exchange.authserv_id, "");
  ASSERT_THAT(exchange.statements, SizeIs(4));
  EXPECT_EQ(exchange.statements.at(2).property("header", "from"), "example.com");
  EXPECT_EQ(exchange.statements.at(3).reason, "109");
  const auto quoted = read("\"my id\"; x=pass smtp.mailfrom=\"a b\"@c.example reason=\"y;z\";;;");
  EXPECT_EQ(quoted.authserv_id, "my id");
  ASSERT_THAT(quoted.statements, SizeIs(1));
  EXPECT_EQ(quoted.statements.front().property("smtp", "mailfrom"), "a b@c.example");
  EXPECT_EQ(quoted.statements.front().reason, "y;z");
}

TEST(AuthenticationResults, VersionsAndRubbish) {
  const auto later = read("mx.example 2; dkim=pass");
  EXPECT_EQ(later.version, 2U);
  EXPECT_THAT(later.statements, IsEmpty());
  EXPECT_EQ(read("mx.example; dkim/2=pass").statements.front().version, 2U);
  EXPECT_THAT(read("mx.example; ; = ; dkim ; dkim= ; \"a\"=b; (").statements, IsEmpty());
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse(" (only a comment) \r\n"));
  EXPECT_FALSE(parse("(never closed; mx.example; dkim=pass"));
  std::string many = "mx.example";
  for (int i = 0; i < 1000; ++i) many += "; dkim=pass";
  EXPECT_THAT(read(many).statements, SizeIs(kMaxStatements));
}

TEST(AuthenticationResults, InstancesOfArc) {
  const auto arc = parse_arc(" i=2; mx.example; spf=pass smtp.mailfrom=a.example");
  ASSERT_TRUE(arc);
  EXPECT_EQ(arc->instance, 2U);
  EXPECT_EQ(arc->authserv_id, "mx.example");
  EXPECT_THAT(arc->statements, SizeIs(1));
  EXPECT_EQ(parse_arc(to_value(*arc)).value(), *arc);
  EXPECT_TRUE(to_value(*arc).starts_with("i=2; mx.example;"));
  EXPECT_TRUE(parse_arc("(c) I (c) = (c) 50 (c) ; mx.example; none"));
  for (const auto* bad : {"mx.example; none", "i=0; mx.example", "i=51; mx.example", "i=x; a",
                          "i=1", "i; a", "", "i=1 2; a"})
    EXPECT_FALSE(parse_arc(bad)) << bad;
}

TEST(ClaimsId, OursInEveryDisguise) {
  const std::vector<std::string> ours{"mx.example.org",
                                      "b\xc3\xbc"
                                      "cher.example"};
  for (const std::string_view value : {"mx.example.org; dkim=pass",
                                       " MX.Example.ORG ; none",
                                       "mx.example.org. ; none",
                                       "mx.example.org",
                                       "mx.example.org 1; none",
                                       "mx.example.org/1; none",
                                       "(c) mx.example.org (c); none",
                                       "(a (nested) one) \"mx.example.org\"; none",
                                       "\"mx\\.example.org\"; none",
                                       "\"mx.exam\"\"ple.org\"; none",
                                       "mx.(c)example.org; none",
                                       "mx.exa\r\n mple.org; none",
                                       "mx.example\\.org; none",
                                       "(never closed mx.example.org; none",
                                       "\"never closed mx.example.org",
                                       "=?utf-8?q?mx.example.org?=; none",
                                       "=?utf-8?b?bXguZXhhbXBsZS5vcmc=?=; none",
                                       "mx.example.org=pass; none",
                                       "xn--bcher-kva.example; none",
                                       "B\xc3\x9c"
                                       "CHER.example; none",
                                       "bu\xcc\x88"
                                       "cher.example; none",
                                       "mx\xe3\x80\x82"
                                       "example\xe3\x80\x82"
                                       "org; none",
                                       "\xef\xbd\x8d\xef\xbd\x98.example.org; none"})
    EXPECT_TRUE(claims_id(value, ours)) << value;
}

TEST(ClaimsId, OthersAreLeftAlone) {
  const std::vector<std::string> ours{"mx.example.org", ""};
  for (const std::string_view value :
       {"mx.example.com; dkim=pass", "example.org; none", "a.mx.example.org; none",
        "mx.example.org.evil.test; none", "other.example; x=pass smtp.mailfrom=mx.example.org",
        "(mx.example.org) other.example; none", "other.example; (mx.example.org",
        "spf=pass smtp.mailfrom=mx.example.org", "", ";", "\"\"; none"})
    EXPECT_FALSE(claims_id(value, ours)) << value;
  EXPECT_FALSE(claims_id("mx.example.org; none", {}));
}

}  // namespace
}  // namespace postern::authres
