#include "imap/lexer.hpp"

#include <gtest/gtest.h>

namespace postern::imap {
namespace {

using namespace std::string_view_literals;

TEST(LiteralMark, IsFoundAtTheEndOfALine) {
  const auto plain = literal_mark_at_end("a LOGIN {5}");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->size, 5U);
  EXPECT_TRUE(plain->synchronising);
  EXPECT_FALSE(plain->literal8);
  EXPECT_EQ(plain->mark_len, 3U);
  const auto other = literal_mark_at_end("a APPEND x ~{70000000000+}");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->size, 70'000'000'000U);
  EXPECT_FALSE(other->synchronising);
  EXPECT_TRUE(other->literal8);
}

TEST(LiteralMark, SaturatesInsteadOfWrapping) {
  EXPECT_EQ(literal_mark_at_end("{18446744073709551616}")->size, UINT64_MAX);
  EXPECT_EQ(literal_mark_at_end("{99999999999999999999999+}")->size, UINT64_MAX);
}

TEST(LiteralMark, IsNothingElse) {
  for (const auto line :
       {""sv, "}"sv, "{}"sv, "{+}"sv, "{5} "sv, "{-5}"sv, "5}"sv, "{5++}"sv, "{a}"sv, "{5 }"sv})
    EXPECT_FALSE(literal_mark_at_end(line)) << line;
}

TEST(Lexer, TakesEveryKindOfString) {
  Lexer in{"atom] \"quo\\\"ted\\\\\" {3}\r\na\"b {0+}\r\n nil NIL"};
  EXPECT_EQ(in.astring().value(), "atom]");
  EXPECT_TRUE(in.eat_spaces());
  EXPECT_EQ(in.astring().value(), "quo\"ted\\");
  EXPECT_TRUE(in.eat_spaces());
  EXPECT_EQ(in.astring().value(), "a\"b");
  EXPECT_TRUE(in.eat_spaces());
  EXPECT_EQ(in.nstring().value(), "");
  EXPECT_TRUE(in.eat_spaces());
  EXPECT_EQ(in.nstring().value(), std::nullopt);
  EXPECT_TRUE(in.eat_spaces());
  EXPECT_EQ(in.astring().value(), "NIL");
  EXPECT_TRUE(in.end());
}

TEST(Lexer, RefusesStringsThatDoNotEnd) {
  for (const auto text : {"\"abc"sv, "\"abc\\"sv, "\"a\r\nb\""sv, "\"a\0b\""sv, "{5}\r\nabc"sv,
                          "{5}"sv, "{5} \r\nabcde"sv, "{1}\r\n\0"sv, ""sv, "("sv})
    EXPECT_FALSE(Lexer{text}.astring()) << text;
}

TEST(Lexer, OnlyLiteral8HoldsNul) {
  EXPECT_EQ(Lexer{"~{3}\r\na\0b"sv}.astring().value(), "a\0b"sv);
  EXPECT_FALSE(Lexer{"{3}\r\na\0b"sv}.astring());
}

TEST(Lexer, WordsEndWhereTheyEnd) {
  Lexer in{"flags.silent x"};
  EXPECT_FALSE(in.eat_word("FLAGS"));
  EXPECT_TRUE(in.eat_word("FLAGS.SILENT"));
  EXPECT_EQ(in.rest(), " x");
}

TEST(Lexer, NumbersFitOrAreRefused) {
  EXPECT_EQ(Lexer{"4294967295"}.number<std::uint32_t>().value(), 4294967295U);
  EXPECT_FALSE(Lexer{"4294967296"}.number<std::uint32_t>());
  EXPECT_FALSE(Lexer{"0"}.nz_number<std::uint32_t>());
  EXPECT_FALSE(Lexer{"x"}.number<std::uint32_t>());
}

TEST(Lexer, ListsMayHaveExtraSpacesButNeedSome) {
  const auto count = [](std::string_view text) -> Parsed<int> {
    Lexer in{text};
    int n = 0;
    POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
      POSTERN_CHECK(item.string());
      ++n;
      return {};
    }));
    POSTERN_CHECK(in.end());
    return n;
  };
  EXPECT_EQ(count("()").value(), 0);
  EXPECT_EQ(count("( \"a\"  \"b\" )").value(), 2);
  EXPECT_FALSE(count("(\"a\"\"b\")"));
  EXPECT_FALSE(count("(\"a\""));
  EXPECT_FALSE(count("(\"a\" "));
  EXPECT_FALSE(count("\"a\")"));
}

}  // namespace
}  // namespace postern::imap
