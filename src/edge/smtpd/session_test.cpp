#include "smtpd/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "smtpd/fakes.hpp"

namespace postern::smtpd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto kHello =
    "S: 220 mx.example.org ESMTP*\nC: EHLO mail.example.net\nS: ...\nS: 250 *\n";

std::string with_hello(std::string_view rest) {
  return kHello + std::string{rest};
}

TEST(Session, TakesAMessage) {
  constexpr auto kScript = R"(
    S: 220 mx.example.org ESMTP*
    C: EHLO mail.example.net
    S= 250-mx.example.org greets 192.0.2.1
    S= 250-SIZE 104857600
    S= 250-PIPELINING
    S= 250-8BITMIME
    S= 250-SMTPUTF8
    S= 250-STARTTLS
    S= 250-CHUNKING
    S= 250-ENHANCEDSTATUSCODES
    S= 250 LIMITS RCPTMAX=1000
    C: MAIL FROM:<carl@example.net> SIZE=1000 BODY=8BITMIME
    S= 250 2.1.0 OK
    C: RCPT TO:<Ann@example.org>
    S= 250 2.1.5 OK
    C: RCPT TO:<nobody@example.org>
    S: 550 5.1.1 *
    C: DATA
    S: 354 *
    C: From: carl@example.net
    C: Subject: test
    C:
    C: ..dot
    C: text
    T: quiet
    C: .
    S= 250 2.0.0 OK id=0000000000000001
    C: QUIT
    S: 221 2.0.0 *
    T: closed
  )";
  for (const std::size_t chunk : {0U, 1U, 7U}) {
    Rig rig;
    net::MemoryOptions options;
    options.max_chunk = chunk;
    EXPECT_EQ(rig.play(kScript, options), "");
    EXPECT_THAT(rig.delivery.messages,
                ElementsAre("From: carl@example.net\r\nSubject: test\r\n\r\n.dot\r\ntext\r\n"));
    ASSERT_THAT(rig.delivery.transactions, SizeIs(1));
    const auto& transaction = rig.delivery.transactions.front();
    EXPECT_EQ(transaction.id, TraceId{1});
    EXPECT_FALSE(transaction.source.submission);
    EXPECT_FALSE(transaction.source.sender_proven);
    EXPECT_TRUE(transaction.envelope.body_8bit);
    EXPECT_EQ(smtp::to_path(transaction.envelope.from, false), "<carl@example.net>");
    EXPECT_THAT(transaction.recipients, SizeIs(1));
    EXPECT_EQ(transaction.peer, "mail.example.net [192.0.2.1]");
    EXPECT_THAT(transaction.received, HasSubstr("from mail.example.net ([192.0.2.1])"));
    EXPECT_THAT(transaction.received, HasSubstr("with ESMTP\r\n\tid 0000000000000001;"));
    EXPECT_EQ(rig.metrics.accepted.value(), 1U);
    EXPECT_EQ(rig.metrics.connections.value(), 0);
    ASSERT_THAT(rig.trace.events_noted, SizeIs(1)) << "the refused recipient";
    EXPECT_EQ(rig.trace.events_noted.front().kind, trace::Kind::refused);
    EXPECT_THAT(rig.trace.noted_for.front(), ElementsAre("carl@example.net", "nobody@example.org"));
  }
}

TEST(Session, AnswersAPipelinedGroupInOneWrite) {
  Rig rig;
  auto pair = net::make_memory_pair(rig.machine.core());
  rig.machine.group().spawn(
      serve(rig.machine.core(), std::move(pair.server), rig.services, rig.settings));
  const auto exchange = [&](std::string_view said) -> std::string {
    if (!said.empty() && !rig.machine.run(pair.client->write(said, 1s))) return "cannot write";
    const auto got = rig.machine.run(pair.client->read(1s));
    return got ? std::string{*got} : "nothing";
  };
  EXPECT_THAT(exchange(""), HasSubstr("220 "));
  EXPECT_THAT(exchange("EHLO a\r\n"), HasSubstr("PIPELINING"));
  EXPECT_EQ(exchange("MAIL FROM:<a@example.net>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n"),
            "250 2.1.0 OK\r\n250 2.1.5 OK\r\n354 End data with <CR><LF>.<CR><LF>\r\n");
  EXPECT_EQ(exchange("From: a@example.net\r\n\r\nx\r\n.\r\nNOOP\r\nQUIT\r\n"),
            "250 2.0.0 OK id=0000000000000001\r\n250 2.0.0 OK\r\n221 2.0.0 Goodbye\r\n");
  EXPECT_EQ(exchange("").substr(0, 7), "nothing");
}

TEST(Session, KeepsTheOrderOfCommands) {
  Rig rig;
  EXPECT_EQ(rig.play(R"(
    S: 220 *
    C: MAIL FROM:<a@example.net>
    S: 503 5.5.1 EHLO first
    C: HELO mail.example.net
    S= 250 mx.example.org
    C: RCPT TO:<ann@example.org>
    S: 503 5.5.1 *
    C: DATA
    S: 503 5.5.1 *
    C: AUTH PLAIN AGEAYg==
    S: 503 5.5.1 *
    C: MAIL FROM:<a@example.net>
    S: 250 *
    C: MAIL FROM:<a@example.net>
    S: 503 5.5.1 *
    C: DATA
    S: 554 5.5.1 No valid recipients
    C: RSET
    S: 250 *
    C: RCPT TO:<ann@example.org>
    S: 503 *
    C: VRFY ann
    S: 252 *
    C: EXPN staff
    S: 502 *
    C: HELP
    S: 214-*
    S: 214 *
    C: NOOP whatever
    S: 250 *
    C: QUIT
    S: 221 *
    T: closed
  )"),
            "");
}

TEST(Session, EhloForgetsTheTransaction) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<a@example.net>
    S: 250 *
    C: EHLO again
    S: ...
    S: 250 *
    C: RCPT TO:<ann@example.org>
    S: 503 *
  )")),
            "");
}

TEST(Session, AnswersRecipientsByTheirState) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<a@example.net> SIZE=5000
    S: 250 *
    C: RCPT TO:<moved@example.org>
    S= 550 5.1.1 Ann has moved to example.net
    C: RCPT TO:<full@example.org>
    S: 452 4.2.2 *
    C: RCPT TO:<long@example.org>
    S: 552 5.2.2 *
    C: RCPT TO:<small@example.org>
    S: 552 5.2.3 *
    C: RCPT TO:<later@example.org>
    S: 451 4.3.0 *
    C: RCPT TO:<PostMaster>
    S: 250 *
  )")),
            "");
}

/// Row A3.
TEST(Session, JudgesTheSendersDomain) {
  Rig rig;
  rig.resolver.add_mx("null.example", 0, ".");
  rig.resolver.add_address("a-only.example", "192.0.2.9");
  rig.resolver.fail("broken.example", dns::Type::mx, dns::Outcome::servfail);
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<a@null.example>
    S: 550 5.7.27 *
    C: MAIL FROM:<a@none.example>
    S: 550 5.1.8 *
    C: MAIL FROM:<a@broken.example>
    S: 451 4.1.8 *
    C: MAIL FROM:<a@a-only.example>
    S: 250 *
    C: RSET
    S: 250 *
    # Ours: no DNS needed to answer it.
    C: MAIL FROM:<ann@example.org>
    S: 250 *
    C: RSET
    S: 250 *
    C: MAIL FROM:<>
    S: 250 *
  )")),
            "");
  EXPECT_THAT(rig.trace.noted_for,
              ElementsAre(ElementsAre("a@null.example"), ElementsAre("a@none.example"),
                          ElementsAre("a@broken.example")));
  rig.settings->check_sender_domain = false;
  EXPECT_EQ(rig.play(with_hello("C: MAIL FROM:<a@none.example>\nS: 250 *\n")), "");
}

TEST(Session, ANullSenderHasOneRecipient) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<>
    S: 250 *
    C: RCPT TO:<ann@example.org>
    S: 250 *
    C: RCPT TO:<bob@example.org>
    S: 452 4.5.3 *
  )")),
            "");
}

TEST(Session, LimitsRecipients) {
  Rig rig;
  rig.settings->max_recipients = 2;
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<a@example.net>
    S: 250 *
    C: RCPT TO:<ann@example.org>
    S: 250 *
    C: RCPT TO:<bob@example.org>
    S: 250 *
    C: RCPT TO:<ann@example.org>
    S: 452 4.5.3 *
  )")),
            "");
}

/// Nothing of it may be taken for ours, and nothing relayed.
TEST(Session, IsNoOpenRelay) {
  Rig rig;
  rig.settings->max_errors = 1000;
  for (const std::string_view from : {"a@example.net", "ann@example.org", "", "a@[198.51.100.1]"}) {
    for (const std::string_view to : {"<victim@example.com>",
                                      "<victim%example.com@example.org>",
                                      "<victim%example.com@[198.51.100.1]>",
                                      "<@example.org:victim@example.com>",
                                      "<@example.org,@mx.example.org:victim@example.com>",
                                      "<example.com!victim@example.org>",
                                      "<\"victim@example.com\"@example.org>",
                                      "<\"victim@example.com\">",
                                      "<victim@example.com@example.org>",
                                      "<victim@[198.51.100.1]>",
                                      "<victim@[127.0.0.1]>",
                                      "<\"victim%example.com\"@example.org>",
                                      "<example.com!victim>",
                                      "<victim%example.com>",
                                      "<@victim@example.com>",
                                      "victim@example.com",
                                      "<victim@example.com.>",
                                      "<@[198.51.100.1]:victim@example.com>",
                                      "<ann@sub.example.org>",
                                      "<ann@example.org\\@example.com>"}) {
      Rig fresh;
      const auto told = fresh.play(with_hello("C: MAIL FROM:<" + std::string{from} +
                                              ">\nS: 250 *\nC: RCPT TO:" + std::string{to} +
                                              "\nS: 5*\nC: DATA\nS: 5*\n"));
      EXPECT_EQ(told, "") << from << " to " << to;
      EXPECT_THAT(fresh.delivery.transactions, SizeIs(0));
    }
  }
}

TEST(Session, TellsUnknownFromRelay) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<ann@example.org>
    S: 250 *
    C: RCPT TO:<victim@example.com>
    S: 550 5.7.1 *
    C: RCPT TO:<@example.org:victim@example.com>
    S: 550 5.7.1 *
    C: RCPT TO:<victim%example.com@example.org>
    S: 550 5.1.1 *
    C: RCPT TO:<"victim@example.com"@example.org>
    S: 550 5.1.1 *
    C: RCPT TO:<victim@[198.51.100.1]>
    S: 550 5.7.1 *
  )")),
            "");
}

/// Row A4: after 20 unknown nobody of that net learns anything for an hour.
TEST(Session, ClosesToANetThatGuesses) {
  Rig rig;
  std::string script = with_hello("C: MAIL FROM:<a@example.net>\nS: 250 *\n");
  for (int i = 0; i < 20; ++i)
    script += "C: RCPT TO:<guess" + std::to_string(i) + "@example.org>\nS: 550 5.1.1 *\n";
  script += "C: RCPT TO:<ann@example.org>\nS: 451 4.7.1 *\n";
  script += "C: RCPT TO:<guess@example.org>\nS: 451 4.7.1 *\n";
  EXPECT_EQ(rig.play(script), "");
  EXPECT_EQ(rig.delivery.checks, 20U) << "what is not looked up takes the same time";

  const auto once = [&](const char* ip, const char* answer) {
    net::MemoryOptions options;
    options.client.ip = text::IpAddress::parse(ip).value();
    return rig.play(with_hello(std::string{"C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT "
                                           "TO:<ann@example.org>\nS: "} +
                               answer + "\n"),
                    options);
  };
  EXPECT_EQ(once("192.0.2.77", "451 4.7.1 *"), "") << "the same /24";
  EXPECT_EQ(once("198.51.100.7", "250 *"), "");
  rig.machine.advance(61min);
  EXPECT_EQ(once("192.0.2.77", "250 *"), "");
}

/// Row A4: who guesses learns no more from the addresses that are disabled.
TEST(Session, DisabledRecipientsCountLikeUnknownOnes) {
  Rig rig;
  std::string script = with_hello("C: MAIL FROM:<a@example.net>\nS: 250 *\n");
  for (int i = 0; i < 20; ++i) script += "C: RCPT TO:<moved@example.org>\nS: 550 5.1.1 *\n";
  EXPECT_EQ(rig.play(script + "C: RCPT TO:<ann@example.org>\nS: 451 4.7.1 *\n"), "");
}

TEST(Session, HangsUpAfterTooManyErrors) {
  Rig rig;
  rig.settings->max_errors = 2;
  EXPECT_EQ(rig.play(R"(
    S: 220 *
    C: FOO
    S: 500 5.5.2 *
    C: MAIL
    S: 5*
    C: DATA
    S: 503 *
    S: 421 4.7.0 *
    T: closed
  )"),
            "");
}

TEST(Session, HangsUpOnThoseWhoOnlyTalk) {
  Rig rig;
  std::string script = kHello;
  for (int i = 0; i < 110; ++i) script += "C: NOOP\nS: 250 *\n";
  EXPECT_EQ(rig.play(script + "S: 421 4.7.0 *\nT: closed\n"), "");
}

TEST(Session, HangsUpOnThoseWhoAreOnlyRefused) {
  Rig rig;
  const std::string refused = "C: MAIL FROM:<a@none.example>\nS: 550 *\n";
  std::string script = kHello;
  for (int i = 0; i < 110; ++i) script += refused;
  EXPECT_EQ(rig.play(script + "S: 421 4.7.0 *\nT: closed\n"), "");

  script = kHello;
  for (int i = 0; i < 110; ++i) {
    script +=
        "C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT TO:<ann@example.org>\nS: 250 *\n"
        "C: DATA\nS: 354 *\nC: Subject: no From\nC:\nC: .\nS: 554 5.6.0 *\n";
  }
  EXPECT_EQ(rig.play(script + "S: 421 4.7.0 *\nT: closed\n"), "");
}

TEST(Session, RefusesLongLinesAndGoesOn) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello("C: NOOP " + std::string(5000, 'x') +
                                "\nS: 500 5.5.2 *\nC: NOOP\nS: 250 *\n")),
            "");
}

TEST(Session, HangsUpOnOtherProtocols) {
  Rig rig;
  EXPECT_EQ(rig.play("S: 220 *\nC: GET / HTTP/1.1\nS: 521 *\nT: closed\n"), "");
  EXPECT_EQ(rig.play("S: 220 *\nC~ \\x16\\x03\\x01\\x02\\x00\\r\\n\nS: 521 *\nT: closed\n"), "");
}

TEST(Session, LimitsConnectionsOfAHost) {
  Rig rig;
  std::vector<std::shared_ptr<void>> others;
  others.reserve(50);
  for (int i = 0; i < 50; ++i)
    others.push_back(rig.guard.enter(text::IpAddress::v4({192, 0, 2, 1})));
  EXPECT_EQ(rig.play("S: 421 4.7.0 *\nT: closed\n"), "");
  others.pop_back();
  EXPECT_EQ(rig.play("S: 220 *\n"), "");
}

TEST(Session, Times) {
  Rig rig;
  EXPECT_EQ(rig.play("S: 220 *\nT: wait 4m\nT: quiet\nT: wait 61s\nS: 421 4.4.2 *\nT: closed\n"),
            "");
  // Not one octet every four minutes, either.
  EXPECT_EQ(rig.play("S: 220 *\nC~ N\nT: wait 4m\nC~ O\nT: wait 61s\nS: 421 4.4.2 *\nT: closed\n"),
            "");
  std::string slow = kHello;
  for (int i = 0; i < 31; ++i) slow += "T: wait 4m\nC: NOOP\nS: ...\n";
  EXPECT_EQ(rig.play(slow + "S: 421 4.4.2 *\nT: closed\n"), "");
  const std::string data = with_hello(
      "C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT TO:<ann@example.org>\nS: 250 *\n"
      "C: DATA\nS: 354 *\nC: From: a@example.net\n");
  EXPECT_EQ(rig.play(data + "T: wait 181s\nS: 421 4.4.2 *\nT: closed\n"), "");
  EXPECT_THAT(rig.delivery.transactions, SizeIs(0));
}

TEST(Session, SaysGoodbyeWhenWoken) {
  Rig rig;
  rig.delivery.commit_time = 2s;
  net::Stream* server = nullptr;
  const net::TranscriptSession session = [&](std::unique_ptr<net::Stream> stream) {
    server = stream.get();
    return serve(rig.machine.core(), std::move(stream), rig.services, rig.settings);
  };
  struct Waker final : Timers::Timer {
    explicit Waker(net::Stream*& whom) : stream{whom} {}
    void fire() override { stream->wake(); }
    net::Stream*& stream;
  } waker{server};
  rig.machine.core().timers.arm_after(waker, 1min);
  EXPECT_EQ(net::play_transcript(rig.machine, session,
                                 with_hello("T: wait 61s\nS: 421 4.3.2 *\nT: closed\n")),
            "");
  // The final dot was read: the message is answered first.
  rig.machine.core().timers.arm_after(waker, 1s);
  EXPECT_EQ(net::play_transcript(
                rig.machine, session,
                with_hello("C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT TO:<ann@example.org>\n"
                           "S: 250 *\nC: DATA\nS: 354 *\nC: From: a@example.net\nC:\nC: .\n"
                           "T: wait 3s\nS: 250 2.0.0 *\nS: 421 4.3.2 *\nT: closed\n")),
            "");
  EXPECT_THAT(rig.delivery.transactions, SizeIs(1));
}

TEST(Session, StopsAtOnceButFinishesAMessage) {
  Rig rig;
  rig.delivery.commit_time = 2s;
  net::Stream* server = nullptr;
  const net::TranscriptSession session = [&](std::unique_ptr<net::Stream> stream) {
    server = stream.get();
    return serve(rig.machine.core(), std::move(stream), rig.services, rig.settings);
  };
  struct Stopper final : Timers::Timer {
    explicit Stopper(net::Stream*& whom) : stream{whom} {}
    void fire() override { stream->stop(Errc::shutting_down); }
    net::Stream*& stream;
  } stopper{server};
  rig.machine.core().timers.arm_after(stopper, 1s);
  EXPECT_EQ(net::play_transcript(
                rig.machine, session,
                with_hello("C: MAIL FROM:<a@example.net>\nS: 250 *\nC: RCPT TO:<ann@example.org>\n"
                           "S: 250 *\nC: DATA\nS: 354 *\nC: From: a@example.net\nC:\nC: .\n"
                           "T: wait 3s\nT: closed\n")),
            "");
  EXPECT_THAT(rig.delivery.transactions, SizeIs(1));
}

TEST(Session, StartsTls) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello(R"(
    C: MAIL FROM:<a@example.net>
    S: 250 *
    C: STARTTLS
    S: 503 *
    C: RSET
    S: 250 *
    C: STARTTLS
    S: 220 2.0.0 *
    T: tls
    # All is forgotten.
    C: MAIL FROM:<a@example.net>
    S: 503 5.5.1 EHLO first
    C: EHLO mail.example.net
    S: 250-*
    S: 250-SIZE *
    S= 250-PIPELINING
    S= 250-8BITMIME
    S= 250-SMTPUTF8
    S= 250-CHUNKING
    S: ...
    S: 250 *
    C: STARTTLS
    S: 503 *
    C: MAIL FROM:<a@example.net>
    S: 250 *
    C: RCPT TO:<ann@example.org>
    S: 250 *
    C: DATA
    S: 354 *
    C: From: a@example.net
    C:
    C: .
    S: 250 *
  )")),
            "");
  ASSERT_THAT(rig.delivery.transactions, SizeIs(1));
  EXPECT_THAT(rig.delivery.transactions.front().received, HasSubstr("with ESMTPS"));
  EXPECT_THAT(rig.delivery.transactions.front().received, HasSubstr("TLS1.3"));
}

TEST(Session, ClearTextBehindStartTlsEndsTheConnection) {
  Rig rig;
  EXPECT_EQ(rig.play(with_hello("C~ STARTTLS\\r\\nRSET\\r\\n\nS: 554 *\nT: closed\n")), "");
  EXPECT_EQ(rig.play(with_hello("C~ STARTTLS\\r\\nR\nS: 554 *\nT: closed\n")), "");
  rig.settings->tls = nullptr;
  EXPECT_EQ(rig.play(with_hello("C: STARTTLS\nS: 502 *\n")), "");
}

TEST(Session, GarbageGetsErrorsAndAnEnd) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rig rig;
    SeededRandom random{seed};
    auto pair = net::make_memory_pair(rig.machine.core());
    rig.machine.group().spawn(
        serve(rig.machine.core(), std::move(pair.server), rig.services, rig.settings));
    constexpr std::array<std::string_view, 16> kWords{"EHLO x\r\n",
                                                      "MAIL FROM:<a@example.net>\r\n",
                                                      "RCPT TO:<ann@example.org>\r\n",
                                                      "DATA\r\n",
                                                      "BDAT 5\r\n",
                                                      "BDAT 3 LAST\r\nabc",
                                                      "From: a\r\n\r\n",
                                                      "\r\n.\r\n",
                                                      ".",
                                                      "\r",
                                                      "\n",
                                                      "\0",
                                                      "RSET\r\n",
                                                      "AUTH PLAIN\r\n",
                                                      "BDAT 99999999999999999999\r\n",
                                                      "\xff\xfe"};
    for (int i = 0; i < 60; ++i) {
      const auto word = random.below(4) == 0 ? random.bytes(1 + random.below(40))
                                             : std::string{kWords.at(random.below(kWords.size()))};
      (void)rig.machine.run(pair.client->write(word, 1s));
      (void)rig.machine.try_run(pair.client->read(1us));
      rig.machine.advance(2us);
    }
    pair.client.reset();
    rig.machine.poll();
    EXPECT_EQ(rig.metrics.connections.value(), 0) << seed;
    for (const auto& message : rig.delivery.messages)
      EXPECT_THAT(message, Not(HasSubstr("MAIL FROM")));
  }
}

}  // namespace
}  // namespace postern::smtpd
