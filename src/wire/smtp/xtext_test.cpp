#include "smtp/xtext.hpp"

#include <gtest/gtest.h>

#include "text/ascii.hpp"

namespace postern::smtp {
namespace {

using namespace std::string_view_literals;

TEST(SmtpXtext, RoundTripsEveryOctet) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const auto coded = to_xtext(all);
  EXPECT_EQ(coded.find_first_of(" =\r\n"), coded.npos);
  EXPECT_TRUE(text::is_ascii(coded));
  EXPECT_EQ(from_xtext(coded), all);
  EXPECT_EQ(to_xtext("a+b=c d"), "a+2Bb+3Dc+20d");
}

TEST(SmtpXtext, RefusesBrokenXtext) {
  for (const auto bad : {"+"sv, "a+4"sv, "+GG"sv, "a=b"sv, "a b"sv, "a\x7f"sv, "\xc3\xa4"sv})
    EXPECT_FALSE(from_xtext(bad)) << bad;
  EXPECT_EQ(from_xtext("a+2bb"), "a+b");
  EXPECT_EQ(from_xtext(""), "");
}

TEST(SmtpXtext, EncodesUtf8Addresses) {
  const auto address = "bücher+x=\\@例え.example"sv;
  const auto coded = to_utf8_addr_xtext(address);
  EXPECT_EQ(coded, "b\\x{FC}cher\\x{2B}x\\x{3D}\\x{5C}@\\x{4F8B}\\x{3048}.example");
  EXPECT_EQ(from_utf8_addr_xtext(coded), address);
  EXPECT_EQ(from_utf8_addr_xtext("bücher@例え.example"), "bücher@例え.example");
  EXPECT_EQ(from_utf8_addr_xtext(to_utf8_addr_xtext("\U0010FFFF\xff")), "\U0010FFFF\uFFFD");
}

TEST(SmtpXtext, RefusesBrokenEscapes) {
  for (const auto bad : {"\\"sv, "\\x"sv, "\\x{}"sv, "\\x{4}"sv, "\\x{41"sv, "\\x{00}"sv,
                         "\\x{0A}"sv, "\\x{7F}"sv, "\\x{D800}"sv, "\\x{110000}"sv, "\\x{0000041}"sv,
                         "\\x{ZZ}"sv, "\\y{41}"sv, "a b"sv, "a+b"sv, "a=b"sv, "\xff"sv, "\x01"sv})
    EXPECT_FALSE(from_utf8_addr_xtext(bad)) << bad;
}

}  // namespace
}  // namespace postern::smtp
