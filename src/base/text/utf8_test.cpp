#include "text/utf8.hpp"

#include <gtest/gtest.h>

namespace postern::text {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, RefusesWhatRfc3629Forbids) {
  for (const auto bad : {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv,
                         "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xC3"sv, "a\xE2\x82"sv})
    EXPECT_FALSE(is_utf8(bad));
  for (const auto good : {""sv, "a\0b"sv, "\xC3\xA4"sv, "\xE2\x82\xAC"sv, "\xF4\x8F\xBF\xBF"sv})
    EXPECT_TRUE(is_utf8(good));
}

TEST(Utf8, WritesWhatItReads) {
  for (const char32_t point :
       {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xE000U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string bytes;
    append_utf8(bytes, point);
    std::string_view rest = bytes;
    EXPECT_EQ(take_code_point(rest), point);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(Utf8, MendsBrokenText) {
  EXPECT_EQ(to_valid_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_valid_utf8("caf\xC3"), "caf\xEF\xBF\xBD");
}

}  // namespace
}  // namespace postern::text
