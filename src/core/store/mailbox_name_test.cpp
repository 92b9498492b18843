#include "store/mailbox_name.hpp"

#include <gtest/gtest.h>

namespace postern::store {
namespace {

TEST(MailboxName, IsNormalised) {
  EXPECT_EQ(*normal_mailbox_name("inbox"), "INBOX");
  EXPECT_EQ(*normal_mailbox_name("Inbox/x"), "INBOX/x");
  EXPECT_EQ(*normal_mailbox_name("inboxes"), "inboxes");
  EXPECT_EQ(*normal_mailbox_name("Entwu\xCC\x88rfe"), "Entw\xC3\xBCrfe");  // NFD becomes NFC
}

TEST(MailboxName, RefusesWhatNoClientCouldHandle) {
  const std::string too_long(256, 'a');
  std::string too_deep = "a";
  for (int i = 0; i < 20; ++i) too_deep += "/a";
  for (const std::string& bad :
       {std::string{}, std::string{"/"}, std::string{"a//b"}, std::string{"/a"}, std::string{"a/"},
        std::string{"a\nb"}, std::string{"a\x7f"}, std::string{"a\xff"}, too_long, too_deep,
        std::string{"a\0b", 3}})
    EXPECT_FALSE(normal_mailbox_name(bad)) << bad;
}

TEST(MailboxName, KnowsItsChildren) {
  EXPECT_TRUE(is_child_of("a/b", "a"));
  EXPECT_FALSE(is_child_of("ab", "a"));
  EXPECT_FALSE(is_child_of("a", "a"));
}

}  // namespace
}  // namespace postern::store
