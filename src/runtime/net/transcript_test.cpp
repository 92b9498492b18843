#include "net/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/sleep.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Answers lines: TLS, BYE, and an echo for all else.
Task<> echo(std::unique_ptr<Stream> stream) {
  std::string unread;
  auto wrote = co_await stream->write("220 here\r\n", 1min);
  while (wrote) {
    const auto got = co_await stream->read(5min);
    if (!got && got.error().code == Errc::peer_timeout) {
      (void)co_await stream->write("421 idle\r\n", 1min);
      break;
    }
    if (!got) break;
    unread += *got;
    const auto end = unread.find("\r\n");
    if (end == std::string::npos) continue;
    const std::string line = unread.substr(0, end);
    unread.erase(0, end + 2);
    std::string answer = line == "MANY" ? "250-a\r\n250-b\r\n250 c\r\n" : "250 " + line + "\r\n";
    wrote = co_await stream->write(answer, 1min);
    if (line == "BYE") break;
    if (line != "TLS") continue;
    wrote = co_await stream->accept_tls(nullptr, 1min);
  }
}

/// Does not notice that its client has gone.
Task<> stay(Core& core, std::unique_ptr<Stream> stream) {
  const Endpoint peer = stream->peer();
  co_await sleep(core, std::chrono::hours{peer.port > 0 ? 2 : 1});
}

class TranscriptTest : public ::testing::Test {
 protected:
  std::string play(std::string_view script) { return play_transcript(machine_, echo, script); }
  ManualCore machine_;
};

TEST_F(TranscriptTest, AConversationAsWritten) {
  EXPECT_EQ(play(R"(
    # comment
    S: 220 *
    C: hello
    S= 250 hello
    C: MANY
    S: ...
    S: 250 c
    C~ half\x21
    T: quiet
    C~ \r\n
    S: 250 half!
    C: TLS
    S: 250 TLS
    T: tls mail.example
    C: inside
    S: *inside
    C: BYE
    S: 250 BYE
    T: closed
  )"),
            "");
}

TEST_F(TranscriptTest, TimePasses) {
  EXPECT_EQ(play("S: 220 here\nT: wait 4m\nT: quiet\nT: wait 61s\nS: 421 idle\nT: closed"), "");
}

TEST_F(TranscriptTest, AClientMayHangUp) {
  EXPECT_EQ(play("S: 220 here\nC~ half a li\nT: eof"), "");
}

TEST_F(TranscriptTest, TellsTheFirstDifference) {
  const auto told = play("S: 220 here\nC: a\nS: 250 b\n");
  EXPECT_THAT(told, HasSubstr("line 3: S: 250 b\n  got: 250 a\n"));
  EXPECT_THAT(told, HasSubstr("  S: 220 here\n  C: a\n"));
  EXPECT_THAT(play("S: 220 here\nS: more\n"), HasSubstr("got: nothing"));
  EXPECT_THAT(play("S: 220 here\nC: a\n"), HasSubstr("250 a"));
  EXPECT_THAT(play("T: quiet\n"), HasSubstr("220 here"));
  EXPECT_THAT(play("S: 220 here\nT: closed\n"), HasSubstr("got: nothing"));
  EXPECT_THAT(play("S: 220 here\nT: tls\n"), HasSubstr("does not begin TLS"));
  EXPECT_THAT(play("S: 220 here\nC: BYE\nS: 250 BYE\nC: a\n"), HasSubstr("hung up"));
  EXPECT_THAT(play("X: 220\n"), HasSubstr("not a step"));
  EXPECT_THAT(play("S= 220 *\n"), HasSubstr("got: 220 here"));
}

TEST_F(TranscriptTest, TellsOfASessionThatDoesNotEnd) {
  const auto stays = [this](std::unique_ptr<Stream> stream) -> Task<> {
    return stay(machine_.core(), std::move(stream));
  };
  EXPECT_THAT(play_transcript(machine_, stays, "T: quiet\n"), HasSubstr("goes on"));
}

}  // namespace
}  // namespace postern::net
