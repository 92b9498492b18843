#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "smtpd/fakes.hpp"

namespace postern::smtpd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto kReady =
    "S: 220 *\nC: EHLO mail.example.net\nS: ...\nS: 250 *\nC: MAIL FROM:<a@example.net>\nS: 250 *\n"
    "C: RCPT TO:<ann@example.org>\nS: 250 *\n";
constexpr auto kData = "C: DATA\nS: 354 *\nC: From: a@example.net\nC:\n";
constexpr auto kAgain =
    "C: MAIL FROM:<b@example.net>\nS: 250 *\nC: RCPT TO:<bob@example.org>\nS: 250 *\n";

std::string script(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += part;
  return out;
}

/// Row A2: whatever another server might take for the end, ours is CRLF.CRLF; and what holds such a
/// thing is refused when the real end comes.
TEST(Data, CannotBeSmuggledThrough) {
  constexpr std::string_view kSmuggled =
      "MAIL FROM:<evil@example.net>\\r\\nRCPT TO:<bob@example.org>\\r\\nDATA\\r\\n"
      "From: evil@example.net\\r\\n\\r\\nevil";
  const std::array<std::string_view, 5> ends{"\\r\\n", "\\n", "\\r", "\\r\\r\\n", "\\x00\\r\\n"};
  for (const auto before : ends) {
    for (const auto after : ends) {
      if (before.ends_with("\\r\\n") && after == "\\r\\n") continue;  // the real end
      for (const std::size_t chunk : {0U, 1U, 3U}) {
        Rig rig;
        net::MemoryOptions options;
        options.max_chunk = chunk;
        EXPECT_EQ(rig.play(script({kReady, kData, "C~ text", before, ".", after, kSmuggled,
                                   "\\r\\n.\\r\\n\nS: 554 5.6.0 *\nT: quiet\n", kAgain, kData,
                                   "C: .\nS: 250 2.0.0 *\n"}),
                           options),
                  "")
            << before << "." << after;
        EXPECT_THAT(rig.delivery.messages, SizeIs(1));
      }
    }
  }
}

TEST(Data, NamesTheFlaw) {
  Rig rig;
  EXPECT_EQ(rig.play(script({kReady, kData, "C~ a\\nb\\r\\n.\\r\\n\nS: 554 5.6.0 *bare LF\n"})),
            "");
  EXPECT_EQ(rig.play(script({kReady, kData, "C~ a\\rb\\r\\n.\\r\\n\nS: 554 5.6.0 *bare CR\n"})),
            "");
  EXPECT_EQ(rig.play(script({kReady, kData, "C~ a\\x00b\\r\\n.\\r\\n\nS: 554 5.6.0 *NUL\n"})), "");
  EXPECT_EQ(rig.play(script({kReady, kData, "C: ", std::string(70'000, 'x'),
                             "\nC: .\nS: 554 5.6.0 *line over 64 KiB\n"})),
            "");
  EXPECT_THAT(rig.delivery.messages, IsEmpty());
}

/// RFC 1870 §6.3: known at MAIL, or found out later; the session goes on.
TEST(Data, RefusesWhatIsTooLarge) {
  Rig rig;
  rig.settings->max_message = 1000;
  EXPECT_EQ(
      rig.play(script({kReady, "C: RSET\nS: 250 *\nC: MAIL FROM:<a@example.net> SIZE=1001\n",
                       "S: 552 5.3.4 *\n", kAgain, kData, "C: ", std::string(2000, 'x'),
                       "\nT: quiet\nC: .\nS: 552 5.3.4 *\n", kAgain, kData, "C: .\nS: 250 *\n"})),
      "");
  EXPECT_THAT(rig.delivery.messages, SizeIs(1));
  EXPECT_LT(rig.delivery.fed, 1100U);
}

/// The grace of five minutes, and a second for every 256 octets.
TEST(Data, EndsWithThoseWhoDrip) {
  std::string drip;
  for (int i = 0; i < 4; ++i) drip += "C~ x\nT: wait 60s\nT: quiet\n";
  Rig rig;
  EXPECT_EQ(
      rig.play(script({kReady, kData, drip, "C~ x\nT: wait 58s\nT: quiet\nC~ x\nT: wait 10s\n",
                       "S: 421 4.4.2 *\nT: closed\n"})),
      "");
  EXPECT_THAT(rig.delivery.messages, IsEmpty());
  Rig longer;
  const std::string worth = "C: " + std::string(256 * 60, 'x') + "\n";
  EXPECT_EQ(longer.play(script({kReady, kData, drip, worth, "T: wait 58s\nT: quiet\nC: x\n",
                                "T: wait 58s\nT: quiet\nC: .\nS: 250 *\n"})),
            "");
}

TEST(Bdat, WaitsForChunksAreCountedTogether) {
  std::string drip;
  for (int i = 0; i < 4; ++i) drip += "C~ BDAT 1\\r\\nx\nS: 250 *\nT: wait 70s\nT: quiet\n";
  Rig rig;
  EXPECT_EQ(rig.play(script({kReady, drip, "T: wait 60s\nS: 421 4.4.2 *\nT: closed\n"})), "");
  EXPECT_THAT(rig.delivery.messages, IsEmpty());
}

/// Many who hold memory and drip, and one who needs it and does not.
TEST(Data, SlowSendersStarveNobody) {
  Rig rig;
  rig.delivery.memory = std::make_shared<store::MemoryBudget>(100'000);
  const std::string begin =
      "EHLO a\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n"
      "From: a@example.net\r\n\r\n";
  const auto connect = [&](std::size_t octets) {
    auto pair = net::make_memory_pair(rig.machine.core());
    rig.machine.group().spawn(
        serve(rig.machine.core(), std::move(pair.server), rig.services, rig.settings));
    (void)rig.machine.run(pair.client->write(begin + std::string(octets, 'x'), 1s));
    return std::move(pair.client);
  };
  std::vector<std::unique_ptr<net::Stream>> slow;
  for (int i = 0; i < 9; ++i) slow.push_back(connect(10'000));
  auto fast = connect(20'000);
  (void)rig.machine.run(fast->write("\r\n.\r\n", 1s));
  EXPECT_THAT(rig.delivery.messages, IsEmpty()) << "no memory is left";
  for (int seconds = 0; seconds < 20; ++seconds) {
    for (const auto& stream : slow) (void)rig.machine.run(stream->write("x", 1s));
    rig.machine.advance(1s);
  }
  EXPECT_THAT(rig.delivery.messages, SizeIs(1));
  const auto said = rig.machine.run(slow.front()->read(1s));
  ASSERT_TRUE(said);
  EXPECT_THAT(std::string{*said}, HasSubstr("\r\n421 4.4.2 "));
  slow.clear();
  fast.reset();
  rig.machine.poll();
}

TEST(Data, EndsWithThoseWhoNeverStop) {
  Rig rig;
  rig.settings->max_message = 1000;
  auto pair = net::make_memory_pair(rig.machine.core());
  rig.machine.group().spawn(
      serve(rig.machine.core(), std::move(pair.server), rig.services, rig.settings));
  const std::string begin =
      "EHLO a\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n";
  ASSERT_TRUE(rig.machine.run(pair.client->write(begin, 1s)));
  const std::string line = std::string(60'000, 'x') + "\r\n";
  int lines = 0;
  while (lines < 1000) {
    const auto wrote = rig.machine.run(pair.client->write(line, 1s));
    if (!wrote) break;
    ++lines;
  }
  EXPECT_GT(lines, 200) << "16 MiB are thrown away";
  EXPECT_LT(lines, 400);
}

/// RFC 5322 §3.6.
TEST(Data, NeedsOneFrom) {
  Rig rig;
  EXPECT_EQ(rig.play(script(
                {kReady, "C: DATA\nS: 354 *\nC: Subject: x\nC:\nC: .\n", "S: 554 5.6.0 *From*\n"})),
            "");
  EXPECT_EQ(
      rig.play(script({kReady, "C: DATA\nS: 354 *\nC: From: a@b.example\nC: FROM : c@d.example\n",
                       "C:\nC: .\nS: 554 5.6.0 *From*\n"})),
      "");
  EXPECT_THAT(rig.delivery.messages, IsEmpty());
}

TEST(Data, TellsWhyItCouldNotBeTaken) {
  for (const auto& [code, reply] :
       std::initializer_list<std::pair<Errc, std::string>>{{Errc::over_quota, "452 4.2.2 *"},
                                                           {Errc::too_large, "552 5.2.3 *"},
                                                           {Errc::store_full, "452 4.3.1 *"},
                                                           {Errc::unavailable, "451 4.3.0 *"},
                                                           {Errc::outcome_unknown, "451 4.3.0 *"},
                                                           {Errc::policy_reject, "554 5.4.6 *"},
                                                           {Errc::limit_reached, "451 4.3.2 *"}}) {
    Rig rig;
    rig.delivery.deliver_fails = code;
    EXPECT_EQ(rig.play(script({kReady, kData, "C: .\nS: ", reply, "\n"})), "") << to_string(code);
    EXPECT_EQ(rig.metrics.accepted.value(), 0U);
  }
}

/// A draft that fails is told at the end: the octets behind it are not commands.
TEST(Data, SwallowsTheRestWhenTheStoreFails) {
  Rig rig;
  rig.delivery.feed_fails = Errc::store_full;
  EXPECT_EQ(rig.play(script({kReady, kData, "C: RSET\nC: QUIT\nT: quiet\nC: .\nS: 452 4.3.1 *\n",
                             "C: NOOP\nS: 250 *\n"})),
            "");
}

TEST(Data, APeerThatLeavesHasSentNothing) {
  Rig rig;
  EXPECT_EQ(rig.play(script({kReady, kData, "C: half\nT: eof\n"})), "");
  EXPECT_THAT(rig.delivery.messages, IsEmpty());
}

TEST(Data, ManyDottedLines) {
  Rig rig;
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "..\\r\\n";
  EXPECT_EQ(rig.play(script({kReady, kData, "C~ ", lines, ".\\r\\n\nS: 250 *\n"})), "");
  ASSERT_THAT(rig.delivery.messages, SizeIs(1));
  EXPECT_EQ(rig.delivery.messages.front().size(), 25U + 3U * 5000U - 2U);
}

TEST(Bdat, TakesChunks) {
  for (const std::size_t chunk : {0U, 1U}) {
    Rig rig;
    net::MemoryOptions options;
    options.max_chunk = chunk;
    EXPECT_EQ(rig.play(script({kReady, "C~ BDAT 23\\r\\nFrom: a@example.net\\r\\n.\\r\n",
                               "S: 250 2.0.0 *\nC: MAIL FROM:<b@example.net>\nS: 503 *\n",
                               "C: RCPT TO:<bob@example.org>\nS: 503 *\nC: DATA\nS: 503 *\n",
                               "C~ BDAT 4 LAST\\r\\n\\n\\r\\nx\nS: 250 2.0.0 OK id=*\n",
                               "C~ BDAT 3 LAST\\r\\nabc\nS: 503 *\nC: NOOP\nS: 250 *\n"}),
                       options),
              "");
    EXPECT_THAT(rig.delivery.messages, ElementsAre("From: a@example.net\r\n.\r\n\r\nx"));
  }
}

TEST(Bdat, PipelinedWithItsOctets) {
  Rig rig;
  EXPECT_EQ(rig.play(script({kReady, "C~ BDAT 24\\r\\nFrom: a@example.net\\r\\n\\r\\nxBDAT 0 LAST",
                             "\\r\\nNOOP\\r\\n\n", "S: 250 *\nS: 250 2.0.0 OK id=*\nS: 250 *\n"})),
            "");
  EXPECT_THAT(rig.delivery.messages, ElementsAre("From: a@example.net\r\n\r\nx"));
}

/// The state is reset behind a refused chunk: what was pipelined after it is neither data nor mail.
TEST(Bdat, ARefusedChunkEndsTheTransaction) {
  Rig rig;
  EXPECT_EQ(rig.play(script({kReady, "C~ BDAT 4\\r\\na\\nbcBDAT 6 LAST\\r\\nQUIT\\r\\nDATA\\r\\n\n",
                             "S: 554 5.6.0 *bare LF\nS: 503 *\nS: 503 *\nC: NOOP\nS: 250 *\n"})),
            "");
  EXPECT_EQ(rig.play(script({kReady, "C~ BDAT 4 LAST\\r\\nabc\\r\nS: 554 5.6.0 *bare CR\n"})), "");
  EXPECT_THAT(rig.delivery.messages, IsEmpty());
}

TEST(Bdat, ItsOctetsAreNeverCommands) {
  Rig rig;
  EXPECT_EQ(rig.play("S: 220 *\nC~ BDAT 6\\r\\nQUIT\\r\\nNOOP\\r\\n\nS: 503 *\nS: 250 *\n"), "");
  EXPECT_EQ(rig.play("S: 220 *\nC: BDAT x\nS: 521 *\nT: closed\n"), "");
}

TEST(Bdat, RefusesWhatIsTooLarge) {
  Rig rig;
  rig.settings->max_message = 10;
  EXPECT_EQ(rig.play(script(
                {kReady, "C~ BDAT 11\\r\\n01234567890NOOP\\r\\n\n", "S: 552 5.3.4 *\nS: 250 *\n"})),
            "");
}

}  // namespace
}  // namespace postern::smtpd
