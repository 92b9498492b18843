#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imapd/session_fixture.hpp"

namespace postern::imapd {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Task<> push(net::Stream& stream, std::string octets) {
  (void)co_await stream.write(octets, 1h);
}

/// Two clients of one account.
class MessagesTest : public ::testing::Test {
 protected:
  MessagesTest() {
    a_.log_in();
    b_.log_in();
  }
  /// INBOX with so many messages, selected by both.
  void fill(int messages) {
    for (int i = 0; i < messages; ++i) a_.append("INBOX", "m" + std::to_string(i));
    a_.ask("s SELECT INBOX\n");
    b_.ask("s SELECT INBOX\n");
  }

  Rig rig_;
  Client a_{rig_};
  Client b_{rig_};
};

TEST_F(MessagesTest, AppendWithFlagsAndDate) {
  EXPECT_THAT(a_.append("INBOX", "hello", "(\\Flagged Work) \"17-Jul-1996 02:44:25 -0700\" "),
              AllOf(StartsWith("P OK [APPENDUID "), HasSubstr(" 1] Appended")));
  a_.ask("s SELECT INBOX\n");
  EXPECT_EQ(a_.ask("a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)\n"),
            "* 1 FETCH (FLAGS (\\Flagged Work) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
            "RFC822.SIZE 25)\na OK Fetched\n");
}

TEST_F(MessagesTest, AppendAsksBeforeOctetsCome) {
  EXPECT_THAT(a_.ask("a APPEND nowhere {10}\n"), StartsWith("a NO [TRYCREATE]"));
  EXPECT_THAT(a_.ask("b APPEND INBOX {999999999}\n"), StartsWith("b NO [TOOBIG]"));
  EXPECT_THAT(a_.ask("c APPEND INBOX (\\Odd) {10}\n"), StartsWith("c NO [CANNOT]"));
  EXPECT_THAT(a_.ask("d APPEND INBOX {0}\n"), StartsWith("d NO"));
  EXPECT_THAT(a_.ask("e APPEND INBOX UTF8 (~{10}\n"), StartsWith("e BAD"));
  EXPECT_EQ(a_.ask("f APPEND INBOX {6}\n"), "+ go on\n");
  EXPECT_THAT(a_.ask("A: b\n\n"), StartsWith("f OK [APPENDUID"));
  EXPECT_THAT(a_.ask("g APPEND nowhere {6+}\nA: b\n\nh NOOP\n"),
              AllOf(StartsWith("g NO [TRYCREATE]"), EndsWith("h OK Done\n")));
  EXPECT_THAT(a_.ask("i APPEND INBOX {6+}\nA: b\n garbage\nj STATUS INBOX (MESSAGES)\n"),
              AllOf(StartsWith("i BAD"), HasSubstr("(MESSAGES 1)")));
}

TEST_F(MessagesTest, SeveralMessagesInOneAppend) {
  EXPECT_THAT(a_.ask("a APPEND INBOX (\\Seen) {6+}\nA: b\n {6+}\nC: d\n\n"),
              AllOf(StartsWith("a OK [APPENDUID "), HasSubstr(" 1:2] ")));
  EXPECT_THAT(a_.ask("b APPEND INBOX {6+}\nA: b\n {0+}\n\n"), StartsWith("b NO"));
  EXPECT_THAT(a_.ask("c STATUS INBOX (MESSAGES UNSEEN)\n"), HasSubstr("(MESSAGES 2 UNSEEN 1)"));
}

TEST_F(MessagesTest, AFullAccountTakesNoMore) {
  (void)rig_.machine.run(rig_.directory->set_quota(std::string{Rig::kUser}, 30));
  EXPECT_THAT(a_.append("INBOX", "one"), StartsWith("P OK"));
  EXPECT_THAT(a_.append("INBOX", "two"), StartsWith("P NO [OVERQUOTA]"));
  EXPECT_THAT(a_.ask("s SELECT INBOX\nc COPY 1 Trash\n"), HasSubstr("c NO [OVERQUOTA]"));
}

TEST_F(MessagesTest, ALargeMessageStreams) {
  std::string body = "Subject: large\n\n";
  for (int i = 0; i < 30'000; ++i)
    body += "0123456789012345678901234567890123456789012345678901234\n";
  const auto size = body.size() + 30'002;
  a_.say("a APPEND INBOX {" + std::to_string(size) + "+}\n" + body);
  EXPECT_THAT(a_.ask("\n"), StartsWith("a OK [APPENDUID"));
  EXPECT_THAT(a_.ask("b STATUS INBOX (SIZE)\n"), HasSubstr("(SIZE " + std::to_string(size) + ")"));
}

TEST_F(MessagesTest, StoreTellsEveryone) {
  fill(3);
  EXPECT_EQ(a_.ask("a STORE 2 +FLAGS (\\Seen Blue)\n"),
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Blue)\n"
            "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Blue \\*)] Flags "
            "that last\n"
            "* 2 FETCH (FLAGS (\\Seen Blue))\na OK Stored\n");
  EXPECT_THAT(b_.ask("a NOOP\n"), HasSubstr("* 2 FETCH (FLAGS (\\Seen Blue))\na OK Done\n"));
  EXPECT_EQ(a_.ask("b UID STORE 3 FLAGS.SILENT (\\Draft)\n"), "b OK Stored\n");
  EXPECT_EQ(b_.ask("b NOOP\n"), "* 3 FETCH (FLAGS (\\Draft))\nb OK Done\n");
  // What was so before is shown all the same.
  EXPECT_EQ(a_.ask("c UID STORE 3 +FLAGS (\\Draft)\n"),
            "* 3 FETCH (UID 3 FLAGS (\\Draft))\nc OK Stored\n");
  EXPECT_EQ(a_.ask("d STORE 4 +FLAGS (\\Seen)\n"), "d BAD No such message number\n");
  EXPECT_EQ(a_.ask("e UID STORE 77 +FLAGS (\\Seen)\n"), "e OK There was nothing to store\n");
  EXPECT_THAT(a_.ask("f EXAMINE INBOX\ng STORE 1 +FLAGS (\\Seen)\n"),
              HasSubstr("g NO [READ-ONLY]"));
}

TEST_F(MessagesTest, ASilentStoreHidesNothingOfOthers) {
  fill(1);
  b_.ask("a STORE 1 +FLAGS.SILENT (\\Flagged)\n");
  EXPECT_EQ(a_.ask("a STORE 1 +FLAGS.SILENT (\\Seen)\n"),
            "* 1 FETCH (FLAGS (\\Flagged \\Seen))\na OK Stored\n");
}

TEST_F(MessagesTest, ConditionalStore) {
  fill(2);
  EXPECT_THAT(a_.ask("a STATUS INBOX (HIGHESTMODSEQ)\n"), HasSubstr("* OK [HIGHESTMODSEQ "));
  const auto highest = a_.ask("b FETCH 2 (MODSEQ)\n");
  const auto at = highest.find("MODSEQ (") + 8;
  const auto modseq = highest.substr(at, highest.find(')') - at);
  b_.ask("a STORE 1 +FLAGS (\\Flagged)\n");
  const auto answer =
      a_.ask("c STORE 1:2 (UNCHANGEDSINCE " + modseq + ") +FLAGS.SILENT (\\Seen)\n");
  EXPECT_THAT(answer, HasSubstr("* 1 FETCH (FLAGS (\\Flagged) MODSEQ ("));
  EXPECT_THAT(answer, HasSubstr("* 2 FETCH (MODSEQ ("));
  EXPECT_THAT(answer, HasSubstr("c OK [MODIFIED 1] "));
}

TEST_F(MessagesTest, FetchSetsSeenAndSaysItOnce) {
  fill(2);
  const auto answer = a_.ask("a FETCH 1 BODY[TEXT]\n");
  EXPECT_THAT(answer, AllOf(HasSubstr("BODY[TEXT] {4}\nm0\n"), HasSubstr("FLAGS (\\Seen)")));
  EXPECT_EQ(answer.find("* 1 FETCH"), answer.rfind("* 1 FETCH"));
  EXPECT_EQ(a_.ask("b FETCH 2 BODY.PEEK[TEXT]\n"),
            "* 2 FETCH (BODY[TEXT] {4}\nm1\n)\nb OK Fetched\n");
  EXPECT_EQ(b_.ask("a NOOP\n"), "* 1 FETCH (FLAGS (\\Seen))\na OK Done\n");
  EXPECT_EQ(a_.ask("c FETCH 3 FLAGS\n"), "c BAD No such message number\n");
}

TEST_F(MessagesTest, ExpungeWaitsWhereNumbersCount) {
  fill(3);
  b_.ask("a STORE 1 +FLAGS (\\Deleted)\nb EXPUNGE\n");
  b_.append("INBOX", "new");
  // The first message is still number one to the other client.
  EXPECT_EQ(a_.ask("a FETCH 3 UID\n"), "* 3 FETCH (UID 3)\n* 4 EXISTS\na OK Fetched\n");
  EXPECT_THAT(a_.ask("b STORE 2 +FLAGS (\\Seen)\n"),
              AllOf(HasSubstr("* 2 FETCH (FLAGS (\\Seen))"), Not(HasSubstr("EXPUNGE"))));
  EXPECT_THAT(a_.ask("c STORE 1 +FLAGS (\\Seen)\n"), HasSubstr("c NO [EXPUNGEISSUED]"));
  EXPECT_EQ(a_.ask("d NOOP\n"), "* 1 EXPUNGE\nd OK Done\n");
  EXPECT_EQ(a_.ask("e FETCH 3 UID\n"), "* 3 FETCH (UID 4)\ne OK Fetched\n");
}

TEST_F(MessagesTest, ByUidWhatIsGoneIsNothingToCopy) {
  fill(1);
  b_.ask("a STORE 1 +FLAGS (\\Deleted)\nb EXPUNGE\n");
  EXPECT_EQ(a_.ask("a UID COPY 1 Trash\n"), "* 1 EXPUNGE\na OK There was nothing to do\n");
}

TEST_F(MessagesTest, BinaryOfTheWholeMessageIsWhole) {
  std::string line(998, 'x');
  std::string message = "Subject: large\r\n\r\n";
  while (message.size() < (std::size_t{33} << 20U)) message += line + "\r\n";
  const auto size = std::to_string(message.size());
  rig_.machine.group().spawn(
      push(a_.stream(), "p APPEND INBOX {" + size + "+}\r\n" + message + "\r\n"));
  EXPECT_THAT(a_.heard(), StartsWith("p OK"));
  EXPECT_THAT(a_.ask("a SELECT INBOX\nb FETCH 1 BINARY.SIZE[]\n"),
              HasSubstr("(BINARY.SIZE[] " + size + ")"));
  EXPECT_EQ(a_.ask("c FETCH 1 BINARY.PEEK[]<0.9>\n"),
            "* 1 FETCH (BINARY[]<0> ~{9}\nSubject: )\nc OK Fetched\n");
  const auto all = a_.ask("d FETCH 1 BINARY.PEEK[]\n");
  EXPECT_TRUE(all.starts_with("* 1 FETCH (BINARY[] ~{" + size + "}\nSubject: large\n"));
  EXPECT_TRUE(all.ends_with("xx\n)\nd OK Fetched\n"));
}

TEST_F(MessagesTest, ARefusedMessageIsReadToItsEnd) {
  const std::string size = std::to_string(3'000'000);
  a_.say("a APPEND nowhere {" + size + "+}\n" + std::string(3'000'000, 'x'));
  EXPECT_THAT(a_.ask("\nb NOOP\n"), AllOf(StartsWith("a NO [TRYCREATE]"), EndsWith("b OK Done\n")));
}

TEST_F(MessagesTest, AKeywordIsToldOfBeforeItIsShown) {
  fill(1);
  b_.ask("a STORE 1 +FLAGS (Blue)\n");
  const auto answer = a_.ask("a FETCH 1 BODY[TEXT]\n");
  EXPECT_LT(answer.find("* FLAGS ("), answer.find("* 1 FETCH"));
  EXPECT_THAT(answer, HasSubstr("FLAGS (\\Seen Blue)"));
}

TEST_F(MessagesTest, ExpungeByNumberAndUid) {
  fill(4);
  EXPECT_EQ(a_.ask("a STORE 2:4 +FLAGS.SILENT (\\Deleted)\nb UID EXPUNGE 1:2\n"),
            "a OK Stored\n* 2 EXPUNGE\nb OK Expunged\n");
  EXPECT_EQ(a_.ask("c EXPUNGE\n"), "* 3 EXPUNGE\n* 2 EXPUNGE\nc OK Expunged\n");
  EXPECT_EQ(b_.ask("a NOOP\n"), "* 4 EXPUNGE\n* 3 EXPUNGE\n* 2 EXPUNGE\na OK Done\n");
  EXPECT_EQ(a_.ask("d STORE 1 +FLAGS.SILENT (\\Deleted)\ne CLOSE\n"), "d OK Stored\ne OK Closed\n");
  EXPECT_EQ(b_.ask("b NOOP\n"), "* 1 EXPUNGE\nb OK Done\n");
}

TEST_F(MessagesTest, CopyAndMove) {
  fill(3);
  EXPECT_THAT(a_.ask("a COPY 1,3 Trash\n"),
              AllOf(StartsWith("a OK [COPYUID "), HasSubstr(" 1,3 1:2] Copied")));
  EXPECT_THAT(a_.ask("b UID MOVE 2 Archive\n"),
              AllOf(StartsWith("* OK [COPYUID "), HasSubstr(" 2 1] Moved\n* 2 EXPUNGE\nb OK")));
  EXPECT_EQ(b_.ask("a NOOP\n"), "* 2 EXPUNGE\na OK Done\n");
  EXPECT_THAT(a_.ask("c COPY 1 nowhere\n"), StartsWith("c NO [TRYCREATE]"));
  EXPECT_THAT(a_.ask("d UID COPY 99 Trash\n"), StartsWith("d OK"));
  EXPECT_THAT(a_.ask("e COPY 9 Trash\n"), StartsWith("e BAD"));
  EXPECT_THAT(a_.ask("f STATUS Trash (MESSAGES)\ng STATUS Archive (MESSAGES)\n"),
              AllOf(HasSubstr("Trash (MESSAGES 2)"), HasSubstr("Archive (MESSAGES 1)")));
}

TEST_F(MessagesTest, IdleHearsOfEverything) {
  fill(2);
  EXPECT_EQ(b_.ask("i IDLE\n"), "+ idling\n");
  a_.append("INBOX", "new");
  EXPECT_EQ(b_.heard(), "* 3 EXISTS\n");
  a_.ask("a STORE 1 +FLAGS (\\Deleted)\n");
  EXPECT_EQ(b_.heard(), "* 1 FETCH (FLAGS (\\Deleted))\n");
  a_.ask("b EXPUNGE\n");
  EXPECT_EQ(b_.heard(), "* 1 EXPUNGE\n");
  EXPECT_EQ(b_.ask("done\nn NOOP\n"), "i OK No longer idle\nn OK Done\n");
  a_.append("INBOX", "newer");
  EXPECT_EQ(b_.heard(), "");
  EXPECT_EQ(b_.ask("o NOOP\n"), "* 3 EXISTS\no OK Done\n");
}

TEST_F(MessagesTest, IdleWithDoneAndMoreBehindIt) {
  fill(1);
  EXPECT_EQ(b_.ask("i IDLE\nDONE\nj IDLE\nDONE\nk NOOP\n"),
            "+ idling\ni OK No longer idle\n+ idling\nj OK No longer idle\nk OK Done\n");
  EXPECT_EQ(b_.ask("l IDLE\nl2 NOOP\n"), "+ idling\nl BAD DONE expected\n");
  b_.ask("m IDLE\n");
  rig_.machine.advance(31min);
  EXPECT_THAT(b_.heard(), StartsWith("* BYE"));
}

TEST_F(MessagesTest, ARemovedMailboxEndsItsReaders) {
  a_.ask("a CREATE box\n");
  b_.ask("a SELECT box\nb IDLE\n");
  a_.ask("b DELETE box\n");
  EXPECT_EQ(b_.heard(), "* BYE The selected mailbox was removed\n");
  EXPECT_TRUE(b_.closed());
}

TEST_F(MessagesTest, AfterTheStoreWasReopenedNothingIsShown) {
  fill(1);
  rig_.engine->fail_next_sync();
  EXPECT_THAT(a_.append("INBOX", "lost"), StartsWith("P NO [UNAVAILABLE]"));
  EXPECT_THAT(a_.ask("a STORE 1 +FLAGS (\\Seen)\n"), StartsWith("a NO [UNAVAILABLE]"));
  EXPECT_THAT(b_.ask("a FETCH 1 FLAGS\n"), HasSubstr("a OK"));
  rig_.engine->reopen();
  EXPECT_EQ(b_.ask("b FETCH 1 FLAGS\n"), "* BYE The store was reopened, please connect again\n");
  EXPECT_TRUE(b_.closed());
}

TEST_F(MessagesTest, SearchAndItsSavedResult) {
  fill(4);
  a_.ask("a STORE 2,4 +FLAGS (\\Flagged)\n");
  EXPECT_EQ(a_.ask("b SEARCH FLAGGED\n"), "* SEARCH 2 4\nb OK Searched\n");
  EXPECT_EQ(a_.ask("c UID SEARCH RETURN (SAVE COUNT) FLAGGED\n"),
            "* ESEARCH (TAG \"c\") UID COUNT 2\nc OK Searched\n");
  EXPECT_EQ(a_.ask("d FETCH $ UID\n"), "* 2 FETCH (UID 2)\n* 4 FETCH (UID 4)\nd OK Fetched\n");
  EXPECT_THAT(a_.ask("e UID MOVE $ Trash\n"), HasSubstr(" 2,4 1:2] "));
  EXPECT_EQ(a_.ask("f FETCH $ UID\n"), "f OK Fetched\n");
}

TEST_F(MessagesTest, ChangesOfOthersAreSeenWithTheirUidInRev2) {
  b_.ask("a ENABLE IMAP4rev2 CONDSTORE\n");
  fill(1);
  a_.ask("a STORE 1 +FLAGS (\\Answered)\n");
  EXPECT_THAT(b_.ask("b NOOP\n"), StartsWith("* 1 FETCH (UID 1 FLAGS (\\Answered) MODSEQ ("));
}

}  // namespace
}  // namespace postern::imapd
