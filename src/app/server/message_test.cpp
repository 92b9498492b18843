#include "server/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::server {
namespace {

using Word = Message::Kind;

constexpr std::array kAll = {Word::config,   Word::file,    Word::socket,  Word::log,
                             Word::end,      Word::stop,    Word::hurry,   Word::ready,
                             Word::reloaded, Word::refused, Word::stopping};

TEST(SupervisorMessage, EveryKindComesBackAsItWas) {
  for (const auto kind : kAll) {
    const auto back = decode(encode({.kind = kind, .text = "a text\nof\0 octets"}));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->kind, kind);
    EXPECT_EQ(back->text, "a text\nof\0 octets");
    EXPECT_EQ(decode(encode({.kind = kind}))->text, "");
  }
}

TEST(SupervisorMessage, AnythingElseIsRefused) {
  EXPECT_EQ(decode("").error().code, Errc::bad_syntax);
  int known = 0;
  for (int octet = 0; octet < 256; ++octet)
    known += decode(std::string(1, static_cast<char>(octet))) ? 1 : 0;
  EXPECT_EQ(known, static_cast<int>(kAll.size()));
  EXPECT_EQ(decode("x" + std::string(kMaxMessage, 'a')).error().code, Errc::too_large);
}

TEST(SupervisorMessage, ALongTextIsCutToOneDatagram) {
  const auto out = encode({.kind = Word::refused, .text = std::string(2 * kMaxMessage, 'a')});
  EXPECT_EQ(out.size(), kMaxMessage);
  EXPECT_EQ(decode(out)->text, std::string(kMaxMessage - 1, 'a'));
}

}  // namespace
}  // namespace postern::server
