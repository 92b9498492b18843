#include "sasl/prep.hpp"

#include <gtest/gtest.h>

namespace postern::sasl {
namespace {

struct Case {
  std::string_view in;
  std::string_view out;  // empty: refused
};

void check(Result<std::string> (*prepare)(std::string_view), std::initializer_list<Case> cases) {
  for (const auto& [in, out] : cases) {
    const auto got = prepare(in);
    if (out.empty()) {
      EXPECT_FALSE(got) << in << " gave " << got.value_or("");
      continue;
    }
    ASSERT_TRUE(got) << in;
    EXPECT_EQ(*got, out) << in;
    EXPECT_EQ(*prepare(*got), out) << in << ": not stable";
  }
}

// Among them the examples of RFC 8265 §3.5.
TEST(Prep, UserNames) {
  check(prepare_user, {{"juliet@example.com", "juliet@example.com"},
                       {"Juliet@EXAMPLE.com", "juliet@example.com"},
                       {"fussball", "fussball"},
                       {"fu\u00dfball", "fu\u00dfball"},
                       {"\u03c0", "\u03c0"},
                       {"\u03a3", "\u03c3"},
                       {"\u03c3", "\u03c3"},
                       {"\u03c2", "\u03c2"},
                       {"\uff2a\uff35\uff2c\uff29\uff25\uff34", "juliet"},  // fullwidth
                       {"u\u0308", "\u00fc"},                               // NFC
                       {"", ""},
                       {"foo bar", ""},
                       {"foo\u00a0bar", ""},
                       {"henry\u2163", ""},  // ROMAN NUMERAL FOUR: a compatibility character
                       {"\u265a", ""},       // a symbol
                       {"tab\tbed", ""},
                       {std::string_view{"nul\0led", 7}, ""},
                       {"bad\xff", ""},
                       {"private\ue000", ""}});
}

TEST(Prep, UserNamesFromTheRight) {
  check(prepare_user, {{"\u05d0\u05d1", "\u05d0\u05d1"},
                       {"\u05d0\u05d1@example.org", "\u05d0\u05d1@example.org"},
                       {"\u05d0\u05d1@\u05d0.org", "\u05d0\u05d1@\u05d0.org"},
                       {"a\u05d0@example.org", ""},
                       {"\u05d0a@example.org", ""},
                       {"x@\u05d0b.org", ""},
                       {"x@org.b\u05d0", ""}});
}

TEST(Prep, Contexts) {
  check(prepare_user, {{"l\u00b7l", "l\u00b7l"},
                       {"a\u00b7l", ""},
                       {"\u0375\u03b1", "\u0375\u03b1"},
                       {"\u0375a", ""},
                       {"\u05d0\u05f3", "\u05d0\u05f3"},
                       {"\u30a2\u30fb", "\u30a2\u30fb"},
                       {"a\u30fb", ""},
                       {"\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"},  // after a virama
                       {"a\u200db", ""},
                       {"\u0628\u200c\u0628", "\u0628\u200c\u0628"},  // between joining letters
                       {"a\u200cb", ""},
                       {"\u0628\u0661", "\u0628\u0661"},
                       {"\u0628\u0661\u06f1", ""}});
}

// Among them the examples of RFC 8265 §4.3.
TEST(Prep, Passwords) {
  check(prepare_password, {{"correct horse battery staple", "correct horse battery staple"},
                           {"Correct Horse Battery Staple", "Correct Horse Battery Staple"},
                           {"\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"},
                           {"Jack of \u2666s", "Jack of \u2666s"},
                           {"foo\u1680bar", "foo bar"},
                           {"\u2168", "\u2168"},  // no compatibility mapping
                           {"pa\u0308ss", "p\u00e4ss"},
                           {"", ""},
                           {"my cat is a \tby", ""},
                           {"\xc3", ""},
                           {"zero\u200bwidth", ""},
                           {"del\x7f", ""}});
}

// RFC 4013 §3.
TEST(Prep, ScramPasswords) {
  check(prepare_scram_password, {{"I\u00adX", "IX"},
                                 {"user", "user"},
                                 {"USER", "USER"},
                                 {"\u00aa", "a"},
                                 {"\u2168", "IX"},
                                 {"\u0007", ""},
                                 {"\u0627\u0031", ""},
                                 {"\u00ad", ""},
                                 {"a\u00a0b", "a b"},
                                 {"\U0001f41f", "\U0001f41f"}});  // newer than Unicode 3.2
}

TEST(Prep, GiantsAreRefused) {
  for (const auto prepare : {prepare_user, prepare_password, prepare_scram_password}) {
    EXPECT_TRUE(prepare(std::string(kMaxField, 'a')));
    const auto got = prepare(std::string(kMaxField + 1, 'a'));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::too_large);
  }
  // The worst growth of NFKC: 18 code points of one.
  std::string longest;
  for (int i = 0; i < 300; ++i) longest += "\ufdfa";
  EXPECT_TRUE(prepare_scram_password(longest));
}

}  // namespace
}  // namespace postern::sasl
