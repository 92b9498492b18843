#include "imap/reader.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imap/command.hpp"
#include "imap/print.hpp"

namespace postern::imap {
namespace {

using Event = CommandReader::Event;
using testing::ElementsAre;
using namespace std::string_view_literals;

/// Feeds `bytes` in pieces of `cut` and writes down what happens. Messages are taken, unless
/// `refuse_messages`.
class Script {
 public:
  explicit Script(ReaderLimits limits = {}) : reader{limits} {}

  std::vector<std::string> play(std::string_view bytes, std::size_t cut = 0) {
    if (cut == 0) cut = bytes.size();
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      reader.feed(bytes.substr(at, cut));
      while (step()) {
      }
    }
    return log;
  }

  CommandReader reader;
  std::vector<std::string> log;
  bool refuse_messages = false;

 private:
  bool step() {
    if (reader.message_left() > 0) {
      const auto octets = reader.take_message(1000);
      if (!octets.empty() && !log.back().starts_with("body ")) log.emplace_back("body ");
      log.back() += octets;
      if (octets.empty()) return false;
    }
    switch (reader.next()) {
      case Event::need_input:      return reader.message_left() > 0 && reader.buffered() > 0;
      case Event::command:         log.push_back("command " + std::string{reader.text()}); break;
      case Event::line:            log.push_back("line " + std::string{reader.text()}); break;
      case Event::continuation:    log.emplace_back("+"); break;
      case Event::message_literal: decide(); break;
      case Event::refused:         {
        std::string answer;
        append_refusal(answer, reader.refusal());
        answer.resize(answer.size() - 2);
        log.push_back(answer);
        break;
      }
      case Event::close:
        if (log.empty() || log.back() != "close") log.emplace_back("close");
        return false;
    }
    return true;
  }

  void decide() {
    log.push_back("message " + std::to_string(reader.message().size) + " of " +
                  std::string{reader.text()});
    if (refuse_messages) {
      reader.refuse_message();
    } else if (reader.accept_message()) {
      log.emplace_back("+");
    }
  }
};

/// The same for every way to cut the input.
std::vector<std::string> played(std::string_view bytes, ReaderLimits limits = {},
                                bool refuse_messages = false) {
  Script whole{limits};
  whole.refuse_messages = refuse_messages;
  const auto expected = whole.play(bytes);
  for (const std::size_t cut : {1U, 2U, 3U, 7U}) {
    Script cut_up{limits};
    cut_up.refuse_messages = refuse_messages;
    EXPECT_EQ(cut_up.play(bytes, cut), expected) << "in pieces of " << cut;
  }
  return expected;
}

TEST(CommandReader, TakesPipelinedCommandsOneByOne) {
  EXPECT_THAT(played("a NOOP\r\nb NOOP\n\r\n\nc NOOP\r\nd NO"),
              ElementsAre("command a NOOP", "command b NOOP", "command c NOOP"));
}

TEST(CommandReader, AsksForSynchronisingLiteralsOnly) {
  EXPECT_THAT(played("a LOGIN {4}\r\nfred {3+}\r\nx\r\n\r\nb NOOP\r\n"),
              ElementsAre("+", "command a LOGIN {4}\r\nfred {3+}\r\nx\r\n", "command b NOOP"));
}

TEST(CommandReader, TheEndOfALiteralIsNoMark) {
  EXPECT_THAT(played("a LOGIN x {3+}\r\n{9}\r\nb NOOP\r\n"),
              ElementsAre("command a LOGIN x {3+}\r\n{9}", "command b NOOP"));
}

TEST(CommandReader, ALiteralKeepsTheCarriageReturnAtItsEnd) {
  EXPECT_THAT(played("a LOGIN x {2+}\r\ny\r\nb NOOP\r\n"),
              ElementsAre("command a LOGIN x {2+}\r\ny\r", "command b NOOP"));
}

TEST(CommandReader, AcceptsEmptyLiterals) {
  EXPECT_THAT(played("a LOGIN {0}\r\n {0+}\r\n\r\n"),
              ElementsAre("+", "command a LOGIN {0}\r\n {0+}\r\n"));
}

TEST(CommandReader, LeavesMessagesToTheSession) {
  EXPECT_THAT(played("a APPEND Sent (\\Seen) {5}\r\nhello\r\nb NOOP\r\n"),
              ElementsAre("message 5 of a APPEND Sent (\\Seen) {5}\r\n", "+", "body hello",
                          "command a APPEND Sent (\\Seen) {5}\r\n", "command b NOOP"));
}

TEST(CommandReader, KnowsTheMailboxLiteralOfAppendFromTheMessage) {
  EXPECT_THAT(played("a append {4+}\r\nSent {5+}\r\nhello {2+}\r\nhi\r\n"),
              ElementsAre("message 5 of a append {4+}\r\nSent {5+}\r\n", "body hello",
                          "message 2 of a append {4+}\r\nSent {5+}\r\n {2+}\r\n", "body hi",
                          "command a append {4+}\r\nSent {5+}\r\n {2+}\r\n"));
}

TEST(CommandReader, ARefusedMessageThatWaitsIsOver) {
  EXPECT_THAT(played("a APPEND x {5}\r\nb NOOP\r\n", {}, true),
              ElementsAre("message 5 of a APPEND x {5}\r\n", "command b NOOP"));
}

TEST(CommandReader, ARefusedMessageThatDoesNotWaitIsSwallowed) {
  EXPECT_THAT(played("a APPEND x {5+}\r\nhello (\\Seen) {2+}\r\nhi\r\nb NOOP\r\n", {}, true),
              ElementsAre("message 5 of a APPEND x {5+}\r\n", "command b NOOP"));
}

TEST(CommandReader, HangsUpOnWhatIsTooMuchToSwallow) {
  EXPECT_THAT(played("a APPEND x {1001+}\r\nhello", {.swallow = 1000}, true),
              ElementsAre("message 1001 of a APPEND x {1001+}\r\n", "close"));
  EXPECT_THAT(played("a LOGIN {99999999999999999999+}\r\nhello"),
              ElementsAre("a NO [TOOBIG] literal too large", "close"));
}

TEST(CommandReader, RefusesALongLineOnceAndGoesOn) {
  const ReaderLimits limits{.line = 20};
  const auto long_line = "a NOOP " + std::string(500, 'x');
  EXPECT_THAT(played(long_line + "\r\nb NOOP\r\n", limits),
              ElementsAre("a BAD command line too long", "command b NOOP"));
  EXPECT_THAT(played(std::string(30, '(') + "\r\nb NOOP\r\n", limits),
              ElementsAre("* BAD command line too long", "command b NOOP"));
}

TEST(CommandReader, FollowsLiteralsOfALongLine) {
  const ReaderLimits limits{.line = 20};
  const auto text = "a NOOP " + std::string(500, 'x');
  EXPECT_THAT(played(text + " {8+}\r\nz NOOP\r\n {3}\r\nb NOOP\r\n", limits),
              ElementsAre("a BAD command line too long", "command b NOOP"));
  // Too long by its last octets, which a whole line brings along.
  EXPECT_THAT(played("a NOOP 90123456 {8+}\r\nz NOOP\r\n\r\nb NOOP\r\n", limits),
              ElementsAre("a BAD command line too long", "command b NOOP"));
}

TEST(CommandReader, BoundsLiteralsInSizeAndNumber) {
  EXPECT_THAT(played("a LOGIN {6}\r\nb NOOP\r\n", {.literals = 5}),
              ElementsAre("a NO [TOOBIG] literal too large", "command b NOOP"));
  EXPECT_THAT(played("a LOGIN {3+}\r\nabc {3+}\r\nabc\r\nb NOOP\r\n", {.literals = 5}),
              ElementsAre("a NO [TOOBIG] literal too large", "command b NOOP"));
  EXPECT_THAT(played("a X {0+}\r\n {0+}\r\n {0+}\r\n\r\nb NOOP\r\n", {.literal_count = 2}),
              ElementsAre("a NO [LIMIT] too many literals", "command b NOOP"));
}

TEST(CommandReader, ALineIsTheSumOfItsPieces) {
  EXPECT_THAT(played("a LOGIN {1+}\r\nx yyyyyyyyyy\r\nb NOOP\r\n", {.line = 20}),
              ElementsAre("a BAD command line too long", "command b NOOP"));
}

TEST(CommandReader, GivesAContinuationLineAsItIs) {
  Script script;
  script.play("a IDLE\r\n");
  script.reader.expect_line();
  EXPECT_THAT(script.play("DONE {5}\r\nb NOOP\r\n", 1),
              ElementsAre("command a IDLE", "line DONE {5}", "command b NOOP"));
}

TEST(CommandReader, AnEmptyContinuationLineCounts) {
  Script script;
  script.reader.expect_line();
  EXPECT_THAT(script.play("\r\n"), ElementsAre("line "));
}

TEST(CommandReader, RefusesALongContinuationLineWithoutTag) {
  Script script{{.line = 10}};
  script.reader.expect_line();
  EXPECT_THAT(script.play("x yyyyyyyyyyyyyyy\r\nb NOOP\r\n", 4),
              ElementsAre("* BAD command line too long", "command b NOOP"));
}

TEST(CommandReader, ForgetsWhatCameBeforeTls) {
  CommandReader reader;
  reader.feed("a STARTTLS\r\nb NOOP\r\n");
  EXPECT_EQ(reader.next(), Event::command);
  EXPECT_EQ(reader.discard_input(), 8U);
  EXPECT_EQ(reader.next(), Event::need_input);
}

TEST(CommandReader, AMessageCanBeRefusedHalfWay) {
  CommandReader reader;
  reader.feed("a APPEND x {10}\r\n");
  ASSERT_EQ(reader.next(), Event::message_literal);
  EXPECT_TRUE(reader.accept_message());
  reader.feed("hello");
  EXPECT_EQ(reader.take_message(100), "hello");
  reader.refuse_message();
  reader.feed("world\r\nb NOOP\r\n");
  ASSERT_EQ(reader.next(), Event::command);
  EXPECT_EQ(reader.text(), "b NOOP");
}

TEST(CommandReader, SurvivesGarbage) {
  const auto log = played("\0\x80\xff\r\0\n{\r\n}\n{}\r\n\x1b[A\r\n"sv);
  EXPECT_EQ(log.size(), 5U);
  for (const auto& line : log)
    EXPECT_FALSE(parse_command(std::string_view{line}.substr(8), NameForm::mutf7)) << line;
}

}  // namespace
}  // namespace postern::imap
