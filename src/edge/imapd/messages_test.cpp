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
  /// A message that compresses badly; how long it is.
  std::size_t append_noise(std::size_t least) {
    std::string octets = "Subject: noise\r\n\r\n";
    while (octets.size() < least) {
      for (int i = 0; i < 76; ++i) octets.push_back("0123456789abcdef"[rig_.random.u64() % 16]);
      octets += "\r\n";
    }
    a_.say("p APPEND INBOX {" + std::to_string(octets.size()) + "+}\n");
    rig_.machine.group().spawn(push(a_.stream(), octets + "\r\n"));
    EXPECT_THAT(a_.heard(), HasSubstr("p OK"));
    return octets.size();
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

TEST_F(MessagesTest, OnlyALiteral8MayHoldNul) {
  const std::string message{"A: b\n\0\n", 7};  // nine octets with two line ends
  EXPECT_THAT(a_.ask("a APPEND INBOX {9+}\n" + message + "\nb STATUS INBOX (MESSAGES)\n"),
              AllOf(StartsWith("a NO [CANNOT]"), HasSubstr("(MESSAGES 0)")));
  EXPECT_THAT(a_.ask("c APPEND INBOX ~{9+}\n" + message + "\n"), StartsWith("c OK [APPENDUID"));
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

/// For an hour at most, however long the store keeps it (RFC 5530 §3 EXPUNGEISSUED).
TEST_F(MessagesTest, WhatWentIsReadOnForAnHour) {
  fill(4);
  b_.ask("a STORE 1 +FLAGS (\\Deleted)\nb EXPUNGE\nc MOVE 1 Trash\n");
  EXPECT_THAT(a_.ask("a FETCH 1:2 BODY.PEEK[TEXT]\n"),
              AllOf(HasSubstr("m0"), HasSubstr("m1"), HasSubstr("a OK")));
  // By number, so that it is told of no expunge, and often enough not to be idle.
  const auto wait = [&](std::chrono::minutes length) {
    rig_.machine.advance(length);
    return a_.ask("w FETCH 1 FLAGS\n");
  };
  wait(25min);
  b_.ask("d STORE 1 +FLAGS (\\Deleted)\ne EXPUNGE\n");
  wait(25min);
  wait(9min);
  EXPECT_THAT(a_.ask("b FETCH 1 BODY.PEEK[TEXT]\n"), HasSubstr("m0"));
  EXPECT_THAT(wait(1min), HasSubstr("w OK")) << "the client's own list is not the message";
  EXPECT_EQ(a_.ask("c FETCH 1:4 BODY.PEEK[TEXT]\n"),
            "* 3 FETCH (BODY[TEXT] {4}\nm2\n)\n* 4 FETCH (BODY[TEXT] {4}\nm3\n)\n"
            "c NO [EXPUNGEISSUED] Some are there no more\n");
  EXPECT_THAT(a_.ask("d FETCH 1 ENVELOPE\n"), HasSubstr("d NO [EXPUNGEISSUED]"));
  EXPECT_THAT(wait(24min), HasSubstr("w OK"));
  EXPECT_THAT(a_.ask("e FETCH 3 ENVELOPE\n"), HasSubstr("e OK"));
  wait(1min);
  EXPECT_THAT(a_.ask("f FETCH 3 ENVELOPE\n"), HasSubstr("f NO [EXPUNGEISSUED]"));
  EXPECT_EQ(a_.ask("g UID FETCH 1:4 BODY.PEEK[TEXT]\n"),
            "* 4 FETCH (UID 4 BODY[TEXT] {4}\nm3\n)\n* 3 EXPUNGE\n* 2 EXPUNGE\n* 1 EXPUNGE\n"
            "g OK Fetched\n");
}

TEST_F(MessagesTest, OfAMailboxThatWentNothingIsReadOn) {
  a_.ask("a CREATE box\n");
  a_.append("box", "one");
  a_.append("box", "two");
  a_.ask("b SELECT box\n");
  b_.ask("a SELECT box\nb STORE 1 +FLAGS (\\Deleted)\nc CLOSE\n");
  for (int i = 0; i < 3; ++i) {
    rig_.machine.advance(20min);
    a_.ask("c FETCH 1 FLAGS\n");
    b_.ask("d NOOP\n");
  }
  b_.ask("e DELETE box\n");
  EXPECT_EQ(
      a_.ask("d FETCH 1:2 BODY.PEEK[TEXT]\n"),
      "d NO [NONEXISTENT] There is no such mailbox\n* BYE The selected mailbox was removed\n");
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

TEST_F(MessagesTest, IdleEndsWhenTheStoreIsReopened) {
  fill(1);
  EXPECT_EQ(a_.ask("i IDLE\n"), "+ idling\n");
  Client nowhere{rig_};
  nowhere.log_in();
  EXPECT_EQ(nowhere.ask("i IDLE\n"), "+ idling\n");
  rig_.mail->tell_reopened();
  EXPECT_EQ(a_.heard(), "") << "there was no reopening";
  rig_.engine->reopen();
  rig_.mail->tell_reopened();
  EXPECT_EQ(a_.heard(), "* BYE The store was reopened, please connect again\n");
  EXPECT_TRUE(a_.closed());
  EXPECT_EQ(nowhere.heard(), "* BYE The store was reopened, please connect again\n");
  EXPECT_TRUE(nowhere.closed());
}

/// Lets the store lose the pieces of bodies: the large values, from the `from`th on.
class Loss {
 public:
  Loss(Rig& rig, std::size_t from) {
    const kv::Range all{.begin = {}, .end = std::string(1, '\xff'), .limit = 100'000};
    const auto page = rig.machine.run(rig.engine->published()->scan(all)).value();
    kv::Batch batch;
    for (const auto& pair : page.pairs) {
      if (pair.value.size() > 5'000 && found_++ >= from) batch.erase(pair.key);
    }
    const auto ticket =
        rig.machine.run(rig.engine->append(std::move(batch), kv::Engine::Purpose::housekeeping));
    EXPECT_TRUE(rig.machine.run(rig.engine->durable(ticket.value())));
  }
  [[nodiscard]] std::size_t pieces() const { return found_; }

 private:
  std::size_t found_ = 0;
};

TEST_F(MessagesTest, AMessageThatCannotBeReadIsAnswered) {
  a_.append("INBOX", "small");
  append_noise(40'000);
  a_.append("INBOX", "after");
  a_.ask("s SELECT INBOX\n");
  const Loss loss{rig_, 0};
  ASSERT_GE(loss.pieces(), 1U);
  EXPECT_EQ(a_.ask("a FETCH 1:3 (UID BODY.PEEK[TEXT])\n"),
            "* 1 FETCH (UID 1 BODY[TEXT] {7}\nsmall\n)\na NO [CORRUPTION] Stored data is damaged\n")
      << "no half response";
  EXPECT_THAT(a_.ask("b FETCH 2 BODY.PEEK[]\n"), StartsWith("b NO [CORRUPTION]"));
  EXPECT_THAT(a_.ask("c FETCH 2 (UID FLAGS ENVELOPE)\n"), HasSubstr("c OK"));
  EXPECT_THAT(a_.ask("d FETCH 3 BODY.PEEK[TEXT]\n"), HasSubstr("after"));
}

/// Within a literal whose beginning is sent nothing can be said but what it announced.
TEST_F(MessagesTest, AMessageThatBreaksOffEndsTheConnection) {
  const auto size = append_noise(700'000);
  a_.ask("s SELECT INBOX\n");
  const Loss loss{rig_, 2};
  ASSERT_GE(loss.pieces(), 4U);
  const auto said = a_.ask("a FETCH 1 BODY.PEEK[]\n");
  EXPECT_THAT(said, StartsWith("* 1 FETCH (BODY[] {" + std::to_string(size) + "}"));
  EXPECT_THAT(said, Not(HasSubstr("a NO")));
  EXPECT_LT(said.size(), size);
  EXPECT_TRUE(a_.closed());
}

/// UIDs that another session expunged, or that never were, are passed over (RFC 9051 §6.4.9).
TEST_F(MessagesTest, CommandsPassOverUidsThatAreGone) {
  fill(4);
  b_.ask("a UID STORE 2,3 +FLAGS.SILENT (\\Deleted)\nb UID EXPUNGE 2,3\n");
  EXPECT_EQ(a_.ask("a UID FETCH 99 FLAGS\n"), "* 3 EXPUNGE\n* 2 EXPUNGE\na OK Fetched\n");
  fill(0);
  EXPECT_EQ(a_.ask("a UID FETCH 2:3 (FLAGS BODY.PEEK[])\n"), "a OK Fetched\n");
  EXPECT_EQ(a_.ask("b UID STORE 2:3,4 +FLAGS (\\Flagged)\n"),
            "* 2 FETCH (UID 4 FLAGS (\\Flagged))\nb OK Stored\n");
  EXPECT_THAT(a_.ask("c UID COPY 2:3 Trash\n"),
              AllOf(StartsWith("c OK"), Not(HasSubstr("COPYUID"))));
  EXPECT_THAT(a_.ask("d UID MOVE 2:3 Trash\n"),
              AllOf(StartsWith("d OK"), Not(HasSubstr("COPYUID"))));
  EXPECT_THAT(a_.ask("e UID COPY 2:4 Trash\n"), HasSubstr(" 4 1] "));
  EXPECT_THAT(a_.ask("f UID EXPUNGE 2:3\n"), Not(HasSubstr("* ")));
  EXPECT_THAT(a_.ask("g STATUS Trash (MESSAGES)\n"), StartsWith("* STATUS Trash (MESSAGES 1)\n"));
}

/// The same when they went behind this session's back and its numbers still count them.
TEST_F(MessagesTest, CommandsPassOverWhatOthersExpungedMeanwhile) {
  fill(3);
  b_.ask("a STORE 2 +FLAGS.SILENT (\\Deleted)\nb EXPUNGE\n");
  EXPECT_THAT(a_.ask("a UID STORE 1:3 +FLAGS (\\Seen)\n"),
              AllOf(HasSubstr("* 2 EXPUNGE"), Not(HasSubstr("UID 2 ")), HasSubstr("a OK")));
  b_.ask("c NOOP\nd STORE 1 +FLAGS.SILENT (\\Deleted)\ne EXPUNGE\n");
  EXPECT_THAT(a_.ask("b UID COPY 1:3 Trash\n"), AllOf(HasSubstr(" 3 1] "), HasSubstr("b OK")));
  EXPECT_THAT(a_.ask("c UID MOVE 1:3 Trash\n"), AllOf(HasSubstr(" 3 2] "), HasSubstr("c OK")));
}

/// Drips while memory is scarce: answered, and the rest of it thrown away.
TEST(Append, SlowSendersStarveNobody) {
  Rig rig{{.message_bytes = 400'000}};
  const std::string part(60'000, 'x');
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 6; ++i) {
    slow.push_back(std::make_unique<Client>(rig));
    slow.back()->log_in();
    EXPECT_EQ(slow.back()->ask("a APPEND INBOX {100000}\n"), "+ go on\n");
    slow.back()->say(part);
  }
  Client fast{rig};
  fast.log_in();
  const std::string message = "Subject: x\n\n" + std::string(99'988, 'y');
  fast.say("f APPEND INBOX {100002+}\n" + message + "\n");
  EXPECT_EQ(fast.heard(), "");
  for (int seconds = 0; seconds < 25; ++seconds) {
    for (const auto& client : slow) client->say("x");
    rig.machine.advance(1s);
  }
  EXPECT_THAT(fast.heard(), HasSubstr("f OK [APPENDUID"));
  int refused = 0;
  for (const auto& client : slow) {
    const auto said = client->heard();
    refused += said.starts_with("a NO [LIMIT]") ? 1 : 0;
    EXPECT_FALSE(client->closed());
  }
  EXPECT_GE(refused, 1);
  EXPECT_LT(refused, 6) << "no more than need be";
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

TEST_F(MessagesTest, AnEnclosedMessageIsFoundByItsHeader) {
  const std::string octets =
      "Subject: outer\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"
      "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?= within\r\nFrom: Zoe <z@x.test>\r\n\r\ninner text\r\n";
  a_.say("p APPEND INBOX {" + std::to_string(octets.size()) + "+}\n");
  rig_.machine.group().spawn(push(a_.stream(), octets + "\r\n"));
  EXPECT_THAT(a_.heard(), HasSubstr("p OK"));
  a_.ask("s SELECT INBOX\n");
  for (const auto* key : {"TEXT within", "BODY within", "BODY z@x.test", "TEXT \"inner text\"",
                          "TEXT \"GR\u00dc\u00dfE WITHIN\"", "TEXT outer"})
    EXPECT_THAT(a_.ask("a SEARCH " + std::string{key} + "\n"), StartsWith("* SEARCH 1\n")) << key;
  for (const auto* key : {"BODY outer", "SUBJECT within", "FROM zoe"})
    EXPECT_THAT(a_.ask("a SEARCH " + std::string{key} + "\n"), StartsWith("* SEARCH\n")) << key;
}

TEST_F(MessagesTest, EveryPartOfALongMessageIsLookedAt) {
  std::string octets =
      "Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  constexpr int kParts = 400;  // some 400 KiB: more than is read at once
  for (int i = 0; i < kParts; ++i) {
    octets += "--b\r\n\r\nword" + std::to_string(i) + "end\r\n";
    for (int line = 0; line < 13; ++line) octets += std::string(76, 'x') + "\r\n";
  }
  octets += "--b--\r\n";
  a_.say("p APPEND INBOX {" + std::to_string(octets.size()) + "+}\n");
  rig_.machine.group().spawn(push(a_.stream(), octets + "\r\n"));
  EXPECT_THAT(a_.heard(), HasSubstr("p OK"));
  a_.ask("s SELECT INBOX\n");
  for (int i = 0; i < kParts; i += 80) {
    const auto word = "word" + std::to_string(i) + "end";
    EXPECT_THAT(a_.ask("a SEARCH BODY " + word + "\n"), StartsWith("* SEARCH 1\n")) << word;
  }
  EXPECT_THAT(a_.ask("a SEARCH BODY word400end\n"), StartsWith("* SEARCH\n"));
}

TEST_F(MessagesTest, OfTheFirstAndTheLastAloneNoMoreIsSaved) {
  fill(5);
  const auto saved = [&](const std::string& options) {
    a_.ask("s SEARCH RETURN (SAVE " + options + ") 2:4\n");
    return a_.ask("f SEARCH $\n");
  };
  EXPECT_EQ(saved("MIN"), "* SEARCH 2\nf OK Searched\n");
  EXPECT_EQ(saved("MAX"), "* SEARCH 4\nf OK Searched\n");
  EXPECT_EQ(saved("MIN MAX"), "* SEARCH 2 4\nf OK Searched\n");
  for (const auto* options : {"", "ALL", "COUNT", "MIN COUNT", "MIN MAX ALL"})
    EXPECT_EQ(saved(options), "* SEARCH 2 3 4\nf OK Searched\n") << options;
  a_.ask("s SEARCH RETURN (SAVE MIN MAX) FLAGGED\n");
  EXPECT_EQ(a_.ask("f SEARCH $\n"), "* SEARCH\nf OK Searched\n");
}

/// In more than one batch, beginning and end of small and large ones.
TEST_F(MessagesTest, SearchLooksAtAllOfEveryMessage) {
  for (int i = 0; i < 70; ++i) a_.append("INBOX", "word" + std::to_string(i));
  std::string large = "Subject: large\n\n";
  for (int i = 0; i < 4'000; ++i) large += "0123456789012345678901234567890123456789012345678\n";
  large += "needle\n";
  const auto size = std::to_string(large.size() + 4'003);
  EXPECT_THAT(a_.ask("a APPEND INBOX {" + size + "+}\n" + large + "\n"), StartsWith("a OK"));
  a_.ask("s SELECT INBOX\n");
  EXPECT_EQ(a_.ask("b SEARCH BODY needle\n"), "* SEARCH 71\nb OK Searched\n");
  EXPECT_EQ(a_.ask("c SEARCH TEXT WORD69\n"), "* SEARCH 70\nc OK Searched\n");
  EXPECT_EQ(a_.ask("d SEARCH BODY \"Subject: word1\"\n"), "* SEARCH\nd OK Searched\n");
  EXPECT_EQ(a_.ask("e SEARCH SUBJECT ORD6\n"),
            "* SEARCH 7 61 62 63 64 65 66 67 68 69 70\ne OK Searched\n");
  EXPECT_EQ(a_.ask("f SEARCH HEADER subject LARGE\n"), "* SEARCH 71\nf OK Searched\n");
  EXPECT_EQ(a_.ask("g SEARCH OR BODY needle SUBJECT word7 NOT SUBJECT word70\n"),
            "* SEARCH 8 71\ng OK Searched\n");
  b_.ask("a SELECT INBOX\nb STORE 8 +FLAGS (\\Deleted)\nc EXPUNGE\n");
  EXPECT_EQ(a_.ask("h SEARCH SUBJECT word7\n"), "* SEARCH 8\nh OK Searched\n") << "kept a while";
}

TEST_F(MessagesTest, ChangesOfOthersAreSeenWithTheirUidInRev2) {
  b_.ask("a ENABLE IMAP4rev2 CONDSTORE\n");
  fill(1);
  a_.ask("a STORE 1 +FLAGS (\\Answered)\n");
  EXPECT_THAT(b_.ask("b NOOP\n"), StartsWith("* 1 FETCH (UID 1 FLAGS (\\Answered) MODSEQ ("));
}

}  // namespace
}  // namespace postern::imapd
