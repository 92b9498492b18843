#include "dkim/canon.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

std::string field(std::string_view raw, Canon canon) {
  std::string out;
  append_field(out, raw, canon);
  return out;
}

/// Fed in pieces of `step` octets.
std::string body(std::string_view text, Canon canon, std::size_t step = 1'000'000) {
  std::string out;
  BodyCanon into{canon, [&out](std::string_view bytes) { out += bytes; }};
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size())))
    into.feed(text.substr(0, step));
  into.finish();
  return out;
}

// The example of RFC 6376 §3.4.5.
TEST(Canon, HoldsTheExample) {
  EXPECT_EQ(field("A: X\r\n", Canon::relaxed), "a:X\r\n");
  EXPECT_EQ(field("B : Y\t\r\n\tZ  \r\n", Canon::relaxed), "b:Y Z\r\n");
  EXPECT_EQ(field("B : Y\t\r\n\tZ  \r\n", Canon::simple), "B : Y\t\r\n\tZ  \r\n");
  const std::string_view text = " C \r\nD \t E\r\n\r\n\r\n";
  EXPECT_EQ(body(text, Canon::relaxed), " C\r\nD E\r\n");
  EXPECT_EQ(body(text, Canon::simple), " C \r\nD \t E\r\n");
}

TEST(Canon, WritesFieldsAtTheEdges) {
  EXPECT_EQ(field("A:", Canon::simple), "A:\r\n");
  EXPECT_EQ(field("A:", Canon::relaxed), "a:\r\n");
  EXPECT_EQ(field("A:\r\n \r\n \t\r\n", Canon::relaxed), "a:\r\n");
  EXPECT_EQ(field("Aa: b:C\n d\n", Canon::relaxed), "aa:b:C d\r\n");
}

struct Case {
  std::string_view text;
  std::string_view simple;
  std::string_view relaxed;
};

TEST(Canon, WritesBodies) {
  using namespace std::string_view_literals;
  static constexpr std::array kCases{
      Case{"", "\r\n", ""},
      Case{"\r\n", "\r\n", ""},
      Case{"\r\n\r\n", "\r\n", ""},
      Case{" \t\r\n\r\n", " \t\r\n", ""},
      Case{"a", "a\r\n", "a\r\n"},
      Case{"a ", "a \r\n", "a\r\n"},
      Case{" a", " a\r\n", " a\r\n"},
      Case{"a\r\n\r\n\r\nb\r\n\r\n", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
      Case{"a\r\n \r\nb", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
      Case{"a  b\t \tc  \r\n", "a  b\t \tc  \r\n", "a b c\r\n"},
      Case{"a\tb", "a\tb\r\n", "a b\r\n"},
      Case{"a\nb\rc", "a\nb\rc\r\n", "a\nb\rc\r\n"},
      Case{"a\r\r\n", "a\r\r\n", "a\r\r\n"},
      Case{"a\r", "a\r\r\n", "a\r\r\n"},
      Case{"a \r b", "a \r b\r\n", "a \r b\r\n"},
      Case{"\n", "\n\r\n", "\n\r\n"},
      Case{"a\0b"sv, "a\0b\r\n"sv, "a\0b\r\n"sv},
      Case{"a b\r\nc d\r\n\r\ne", "a b\r\nc d\r\n\r\ne\r\n", "a b\r\nc d\r\n\r\ne\r\n"},
  };
  for (const auto& each : kCases) {
    for (const std::size_t step : {1U, 2U, 3U, 1000U}) {
      EXPECT_EQ(body(each.text, Canon::simple, step), each.simple) << each.text << step;
      EXPECT_EQ(body(each.text, Canon::relaxed, step), each.relaxed) << each.text << step;
    }
  }
}

// Long texts are taken many octets at a time; none may hide among others, wherever it is.
TEST(Canon, FindsWhatIsOddInLongTexts) {
  std::string text;
  while (text.size() < 200) text += "It is a truth\r\nuniversally acknowledged, ";
  text += "so.\r\n";
  EXPECT_EQ(body(text, Canon::relaxed), text);
  for (const std::string odd : {"  ", "\t", "\r", "\n", " \r\n", "\r\n\r\n", "\r\n ", "\r\r\n"}) {
    for (std::size_t at = 0; at <= text.size(); ++at) {
      auto mixed = text;
      mixed.insert(at, odd);
      for (const auto canon : {Canon::simple, Canon::relaxed})
        ASSERT_EQ(body(mixed, canon), body(mixed, canon, 1)) << odd << at;
    }
  }
}

TEST(Canon, KeepsNothingOfLongRuns) {
  const std::size_t many = 1'000'000;
  std::string lines;
  for (std::size_t i = 0; i < many; ++i) lines += "\r\n";
  for (const auto canon : {Canon::simple, Canon::relaxed}) {
    EXPECT_EQ(body("a\r\n" + lines, canon), "a\r\n");
    EXPECT_EQ(body("a\r\n" + lines + "b", canon), "a\r\n" + lines + "b\r\n");
  }
  EXPECT_EQ(body("a" + std::string(many, ' ') + "b", Canon::relaxed), "a b\r\n");
  const std::string text(many, 'x');
  EXPECT_EQ(body(text, Canon::relaxed, 5000), text + "\r\n");
}

}  // namespace
}  // namespace postern::dkim
