#include "sasl/frame.hpp"

#include <gtest/gtest.h>

namespace postern::sasl {
namespace {

TEST(Frame, InitialResponses) {
  EXPECT_EQ(*decode_initial_response("="), "");
  EXPECT_EQ(*decode_initial_response("YWJj"), "abc");
  // RFC 4959 §3's examples of what is not allowed, and others.
  for (const std::string_view bad :
       {"", "=AAA", "AAA=BBB", "==", "*", "YWJ", "YW Jj", "YWJj\r", "Y-_j"}) {
    const auto got = decode_initial_response(bad);
    ASSERT_FALSE(got) << bad;
    EXPECT_EQ(got.error().code, Errc::bad_syntax) << bad;
  }
}

TEST(Frame, ResponsesWithinTheExchange) {
  EXPECT_EQ(decode_response("")->data, "");
  EXPECT_FALSE(decode_response("")->cancelled);
  EXPECT_EQ(decode_response("YWJj")->data, "abc");
  EXPECT_TRUE(decode_response("*")->cancelled);
  for (const std::string_view bad : {"=", "**", "* ", "YWJ"}) {
    EXPECT_FALSE(decode_response(bad)) << bad;
  }
}

TEST(Frame, GiantsAreRefused) {
  EXPECT_TRUE(decode_response(std::string(kMaxEncoded, 'A')));
  const auto got = decode_response(std::string(kMaxEncoded + 4, 'A'));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::line_too_long);
}

TEST(Frame, WhatOneSideWritesTheOtherReads) {
  using namespace std::string_view_literals;
  for (const std::string_view data : {""sv, "a"sv, "\0user\0pass"sv, "\xff\xfe"sv}) {
    EXPECT_EQ(*decode_initial_response(encode_initial_response(data)), data);
    EXPECT_EQ(decode_response(encode_response(data))->data, data);
    EXPECT_EQ(*decode_challenge(encode_challenge(data)), data);
  }
  EXPECT_EQ(encode_initial_response(""), "=");
}

}  // namespace
}  // namespace postern::sasl
