#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imapd/list_names.hpp"
#include "imapd/response_for.hpp"
#include "imapd/session_fixture.hpp"

namespace postern::imapd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MailboxTest : public ::testing::Test {
 protected:
  MailboxTest() { client_.log_in(); }
  std::string ask(std::string_view text) { return client_.ask(text); }

  Rig rig_;
  Client client_{rig_};
};

TEST_F(MailboxTest, EveryFailureHasWords) {
  int unanswered = 0;
  for (int i = 0; i < kErrcCount; ++i) {
    const auto answer = response_for(static_cast<Errc>(i));
    if (!answer) {
      ++unanswered;
      continue;
    }
    EXPECT_NE(answer->status, imap::Status::ok);
    EXPECT_FALSE(answer->text.empty());
  }
  EXPECT_EQ(unanswered, 5);
  EXPECT_EQ(response_for(Errc::over_quota)->code, "OVERQUOTA");
}

TEST_F(MailboxTest, ListShowsSpecialUse) {
  EXPECT_EQ(ask("a LIST \"\" *\n"),
            "* LIST (\\HasNoChildren \\Archive) \"/\" Archive\n"
            "* LIST (\\HasNoChildren \\Drafts) \"/\" Drafts\n"
            "* LIST (\\HasNoChildren) \"/\" INBOX\n"
            "* LIST (\\HasNoChildren \\Junk) \"/\" Junk\n"
            "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\n"
            "* LIST (\\HasNoChildren \\Trash) \"/\" Trash\n"
            "a OK Listed\n");
  EXPECT_EQ(ask("a LIST \"\" \"\"\n"), "* LIST (\\Noselect) \"/\" \"\"\na OK Listed\n");
  EXPECT_EQ(ask("a LIST \"\" inbox\n"), "* LIST (\\HasNoChildren) \"/\" INBOX\na OK Listed\n");
  EXPECT_EQ(ask("a NAMESPACE\n"), "* NAMESPACE ((\"\" \"/\")) NIL NIL\na OK All is yours\n");
}

TEST_F(MailboxTest, ListExtended) {
  ask("a CREATE work/a\nb CREATE work/b\nc SUBSCRIBE work/b\n");
  EXPECT_EQ(
      ask("a LIST (SPECIAL-USE) \"\" (\"A%\" \"T*\" \"work\") RETURN (CHILDREN SUBSCRIBED)\n"),
      "* LIST (\\HasNoChildren \\Subscribed \\Archive) \"/\" Archive\n"
      "* LIST (\\HasNoChildren \\Subscribed \\Trash) \"/\" Trash\n"
      "a OK Listed\n");
  EXPECT_EQ(ask("b LIST (SUBSCRIBED) \"\" \"work*\"\n"),
            "* LIST (\\Subscribed) \"/\" work/b\nb OK Listed\n");
  EXPECT_EQ(ask("c LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"wor%\"\n"),
            "* LIST () \"/\" work (\"CHILDINFO\" (\"SUBSCRIBED\"))\nc OK Listed\n");
  EXPECT_EQ(ask("d LIST \"work/\" % RETURN (STATUS (MESSAGES UNSEEN))\n"),
            "* LIST () \"/\" work/a\n* STATUS work/a (MESSAGES 0 UNSEEN 0)\n"
            "* LIST () \"/\" work/b\n* STATUS work/b (MESSAGES 0 UNSEEN 0)\n"
            "d OK Listed\n");
}

TEST_F(MailboxTest, ParentsThatDoNotExist) {
  ask("a CREATE p/q/r\nb SUBSCRIBE p/q/r\nc DELETE p\n");
  EXPECT_EQ(ask("d LIST \"\" p\n"),
            "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" p\nd OK Listed\n");
  EXPECT_EQ(ask("e LSUB \"\" p/%\n"), "* LSUB (\\Noselect) \"/\" p/q\ne OK Listed\n");
  EXPECT_EQ(ask("e LSUB \"\" p/*\n"), "* LSUB () \"/\" p/q/r\ne OK Listed\n");
  EXPECT_THAT(ask("f SELECT p\n"), StartsWith("f NO [NONEXISTENT]"));
}

TEST_F(MailboxTest, CreateDeleteRename) {
  EXPECT_THAT(ask("a CREATE foo/\n"), StartsWith("a OK [MAILBOXID (F"));
  EXPECT_THAT(ask("b CREATE foo\n"), StartsWith("b NO [ALREADYEXISTS]"));
  EXPECT_THAT(ask("c CREATE INBOX\n"), StartsWith("c NO [ALREADYEXISTS]"));
  EXPECT_THAT(ask("d CREATE a//b\n"), StartsWith("d NO [CANNOT]"));
  EXPECT_THAT(ask("e DELETE INBOX\n"), StartsWith("e NO [CANNOT]"));
  EXPECT_THAT(ask("f DELETE nowhere\n"), StartsWith("f NO [NONEXISTENT]"));
  EXPECT_THAT(ask("g RENAME foo bar/baz\n"), StartsWith("g OK"));
  EXPECT_THAT(ask("h RENAME foo bar\n"), StartsWith("h NO [NONEXISTENT]"));
  EXPECT_THAT(ask("i RENAME bar Trash\n"), StartsWith("i NO [ALREADYEXISTS]"));
  EXPECT_THAT(ask("j SELECT bar/baz\nk DELETE bar/baz\nl CHECK\n"),
              AllOf(HasSubstr("* OK [CLOSED]"), HasSubstr("k OK Deleted"),
                    HasSubstr("l BAD Select a mailbox first")));
  EXPECT_THAT(ask("m SUBSCRIBE nowhere\n"), StartsWith("m NO [NONEXISTENT]"));
  EXPECT_THAT(ask("n UNSUBSCRIBE nowhere\n"), StartsWith("n OK"));
}

TEST_F(MailboxTest, CreateWithAUse) {
  EXPECT_THAT(ask("a CREATE other (USE (\\Sent))\n"), StartsWith("a NO [USEATTR]"));
  EXPECT_THAT(ask("b CREATE all (USE (\\All))\n"), StartsWith("b NO [USEATTR]"));
  ask("c DELETE Sent\n");
  EXPECT_THAT(ask("d CREATE Gesendet (USE (\\Sent))\n"), StartsWith("d OK"));
  EXPECT_THAT(ask("e LIST \"\" Gesendet\n"), HasSubstr("\\Sent) \"/\" Gesendet"));
}

TEST_F(MailboxTest, NamesInBothForms) {
  ask("a CREATE Entw&APw-rfe\n");
  EXPECT_THAT(ask("b LIST \"\" E*\n"), HasSubstr("\"/\" Entw&APw-rfe\n"));
  ask("c ENABLE UTF8=ACCEPT\n");
  EXPECT_THAT(ask("d LIST \"\" E*\n"), HasSubstr("\"/\" \"Entw\xC3\xBCrfe\"\n"));
  EXPECT_THAT(ask("e STATUS \"Entw\xC3\xBCrfe\" (UIDNEXT)\n"), HasSubstr("(UIDNEXT 1)"));
}

TEST_F(MailboxTest, SelectTellsAll) {
  client_.append("INBOX", "one", "(\\Seen) ");
  client_.append("INBOX", "two", "($Work) ");
  const auto selected = ask("a SELECT INBOX\n");
  EXPECT_THAT(
      selected,
      AllOf(StartsWith("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)\n"
                       "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work "
                       "\\*)]"),
            HasSubstr("\n* 2 EXISTS\n* 0 RECENT\n* OK [UNSEEN 2]"), HasSubstr("* OK [UIDVALIDITY "),
            HasSubstr("* OK [UIDNEXT 3]"), HasSubstr("* OK [HIGHESTMODSEQ "),
            HasSubstr("* OK [MAILBOXID (F"), HasSubstr("a OK [READ-WRITE] Selected\n"),
            Not(HasSubstr("CLOSED"))));
  EXPECT_THAT(
      ask("b SELECT nowhere\nc CHECK\n"),
      AllOf(StartsWith("* OK [CLOSED]"), HasSubstr("b NO [NONEXISTENT]"), HasSubstr("c BAD")));
  EXPECT_THAT(ask("d EXAMINE INBOX\n"),
              AllOf(HasSubstr("[PERMANENTFLAGS ()]"), HasSubstr("d OK [READ-ONLY]")));
}

TEST_F(MailboxTest, StatusCounts) {
  client_.append("INBOX", "one", "(\\Seen \\Deleted) ");
  client_.append("INBOX", "two");
  EXPECT_THAT(ask("a STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN DELETED SIZE DELETED-STORAGE "
                  "APPENDLIMIT)\n"),
              HasSubstr("* STATUS INBOX (MESSAGES 2 RECENT 0 UIDNEXT 3 UNSEEN 1 DELETED 1 SIZE 42 "
                        "DELETED-STORAGE 21 APPENDLIMIT 104857600)\n"));
  EXPECT_THAT(ask("b STATUS nowhere (MESSAGES)\n"), StartsWith("b NO [NONEXISTENT]"));
}

TEST(ListNames, ParentsAreThereOnce) {
  store::MailboxInfo info;
  info.name = "a/b/c";
  info.subscribed = true;
  store::MailboxInfo other;
  other.name = "a-b";
  const std::vector infos{info, other};
  const auto names = list_names(infos);
  ASSERT_EQ(names.size(), 4U);
  EXPECT_EQ(names.at(0).name, "a");
  EXPECT_TRUE(names.at(0).children && names.at(0).subscribed_below);
  EXPECT_EQ(names.at(0).info, nullptr);
  EXPECT_EQ(names.at(1).name, "a-b");
  EXPECT_FALSE(names.at(1).children);
  EXPECT_EQ(names.at(3).info, &infos.front());
}

}  // namespace
}  // namespace postern::imapd
