#include "smtp/address.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

constexpr AddressRules kUtf8{.utf8 = true};

TEST(SmtpAddress, UnquotesAndQuotesAgain) {
  for (const auto& [written, local, printed] :
       std::initializer_list<std::array<std::string_view, 3>>{
           {"user@example.org", "user", "user@example.org"},
           {"User.Name+tag@Example.ORG", "User.Name+tag", "User.Name+tag@Example.ORG"},
           {R"("user"@example.org)", "user", "user@example.org"},
           {R"("Joe\,Smith"@example.org)", "Joe,Smith", R"("Joe,Smith"@example.org)"},
           {R"("a@b"@example.org)", "a@b", R"("a@b"@example.org)"},
           {R"("a\"b\\c"@example.org)", R"(a"b\c)", R"("a\"b\\c"@example.org)"},
           {R"("a..b"@example.org)", "a..b", R"("a..b"@example.org)"},
           {R"(""@example.org)", "", R"(""@example.org)"},
           {R"("a b"@[192.0.2.1])", "a b", R"("a b"@[192.0.2.1])"},
           {"a%b!c@example.org", "a%b!c", "a%b!c@example.org"}}) {
    const auto got = parse_address(written);
    ASSERT_TRUE(got) << written;
    EXPECT_EQ(got->local, local);
    EXPECT_EQ(to_string(*got), printed);
    EXPECT_EQ(*parse_address(printed), *got);
  }
}

TEST(SmtpAddress, RefusesWhatIsNoMailbox) {
  for (const auto bad : {""sv,
                         "@"sv,
                         "user"sv,
                         "@example.org"sv,
                         "user@"sv,
                         "a..b@example.org"sv,
                         ".a@example.org"sv,
                         "a.@example.org"sv,
                         "a b@example.org"sv,
                         "a@b@example.org"sv,
                         "a\"b@example.org"sv,
                         "\"a@example.org"sv,
                         "\"a\"b@example.org"sv,
                         "\"a\\\"@example.org"sv,
                         "\"a\n\"@example.org"sv,
                         "\"a\0\"@example.org"sv,
                         "(c)a@example.org"sv,
                         "a@exa mple"sv,
                         "<a@example.org>"sv,
                         "a@example.org "sv,
                         "\xc3\xa4@example.org"sv})
    EXPECT_FALSE(parse_address(bad)) << bad;
  EXPECT_TRUE(parse_address("a..b.@docomo.example", {.loose_dots = true}));
  EXPECT_FALSE(parse_address("..@docomo.example", {.loose_dots = true}));
}

TEST(SmtpAddress, KeepsTheLimits) {
  const std::string local64(64, 'a');
  EXPECT_TRUE(parse_address(local64 + "@example.org"));
  const auto over = parse_address(local64 + "a@example.org");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::too_large);
  EXPECT_TRUE(parse_address(local64 + "a@example.org", {.long_local = true}));

  std::string domain = std::string(63, 'b') + '.' + std::string(63, 'c') + '.';
  const auto longest = local64 + '@' + domain + std::string(61, 'd');
  ASSERT_EQ(longest.size(), kMaxAddress);
  EXPECT_TRUE(parse_address(longest));
  EXPECT_FALSE(parse_address(longest + 'd'));
}

TEST(SmtpAddress, SpeaksUtf8) {
  const auto got = parse_address("Jürgen@Bücher.example", kUtf8);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->needs_smtputf8());
  EXPECT_EQ(got->local, "Jürgen");
  EXPECT_EQ(to_wire(*got, true), "Jürgen@Bücher.example");
  EXPECT_EQ(address_key(*got), "jürgen@xn--bcher-kva.example");
  const auto domain_only = parse_address("jens@Bücher.example", kUtf8);
  ASSERT_TRUE(domain_only);
  EXPECT_FALSE(domain_only->needs_smtputf8());
  EXPECT_EQ(to_wire(*domain_only, false), "jens@xn--bcher-kva.example");
  for (const auto bad : {"\xff@example.org"sv, "a\xc2\x80@example.org"sv, "a\u2028@example.org"sv})
    EXPECT_FALSE(parse_address(bad, kUtf8)) << bad;
}

TEST(SmtpAddress, FoldsLocalParts) {
  EXPECT_EQ(local_key("User.NAME"), "user.name");
  EXPECT_EQ(local_key("JÜRGEN"), local_key("ju\u0308rgen"));
  EXPECT_EQ(local_key("STRASSE"), local_key("straße"));
  EXPECT_EQ(local_key("Σίσυφος"), local_key("ΣΊΣΥΦΟΣ"));
  for (const auto name : {"JÜRGEN"sv, "ᾳ\u0301"sv, "İstanbul"sv, "\u0345\u0300Α"sv})
    EXPECT_EQ(local_key(local_key(name)), local_key(name)) << name;
}

TEST(SmtpAddress, TakesPaths) {
  auto text = "<@hop.example,@[IPv6:::1]:\"a>b\"@example.org> SIZE=1"sv;
  const auto routed = take_forward_path(text, {});
  ASSERT_TRUE(routed);
  EXPECT_EQ(to_string(*routed), "\"a>b\"@example.org");
  EXPECT_EQ(text, " SIZE=1");

  text = "<> BODY=7BIT";
  const auto null_path = take_reverse_path(text, {});
  ASSERT_TRUE(null_path);
  EXPECT_FALSE(*null_path);
  EXPECT_EQ(to_path(*null_path, false), "<>");
  EXPECT_EQ(text, " BODY=7BIT");

  text = "<PostMaster>";
  const auto postmaster = take_forward_path(text, {});
  ASSERT_TRUE(postmaster);
  EXPECT_TRUE(postmaster->is_bare_postmaster());
  EXPECT_EQ(to_path(*postmaster, false), "<PostMaster>");

  text = "a@example.org SIZE=1";
  EXPECT_FALSE(take_reverse_path(text, {}));
  EXPECT_EQ(text, "a@example.org SIZE=1");
  ASSERT_TRUE(take_reverse_path(text, {.bare_brackets = true}));
  EXPECT_EQ(text, " SIZE=1");
}

TEST(SmtpAddress, RefusesBrokenPaths) {
  for (const auto bad :
       {""sv, "<"sv, "<>"sv, "<a@example.org"sv, "a@example.org>"sv, "<<a@example.org>>"sv,
        "<@hop.example>"sv, "<@hop.example:>"sv, "<@hop.example a@example.org>"sv,
        "<@a,b:c@example.org>"sv, "<@[IPv6:::1:c@example.org>"sv, "<postmaster@>"sv,
        "<\"a@example.org>"sv, "<a@example.org\r\n>"sv}) {
    auto text = bad;
    EXPECT_FALSE(take_forward_path(text, {.bare_brackets = true})) << bad;
    EXPECT_EQ(text, bad);
  }
}

}  // namespace
}  // namespace postern::smtp
