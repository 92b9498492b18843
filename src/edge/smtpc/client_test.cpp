#include "smtpc/client.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/scripted.hpp"
#include "smtpc/client_rig.hpp"
#include "smtpc/scripted_remote.hpp"

namespace postern::smtpc {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Client, SpeaksPlainSmtpStepByStepAndKeepsTheConnection) {
  Stage stage;
  stage.first() = {plain(R"(
    C: MAIL FROM:<me@us.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 250 ok
    C: RCPT TO:<b@x.example>
    S: 550 5.1.1 no such user
    C: DATA
    S: 354 go
    T: data
    S: 250 2.0.0 queued as 1
    C: MAIL FROM:<me@us.example>
    S: 250 ok
    C: RCPT TO:<c@x.example>
    S: 450 busy
    C: RSET
    S: 250 ok
    C: MAIL FROM:<me@us.example>
    S: 451 4.3.0 not now
  )")};
  const auto attempt = stage.send(stage.job({"a@x.example", "b@x.example"}));
  ASSERT_EQ(attempt.outcomes.size(), 2U);
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::sent);
  EXPECT_EQ(attempt.outcomes.at(0).text, "queued as 1");
  EXPECT_EQ(attempt.outcomes.at(0).host, "mx1.x.example");
  EXPECT_FALSE(attempt.outcomes.at(0).dsn_passed_on);
  EXPECT_EQ(attempt.outcomes.at(1).kind, Kind::failed);
  EXPECT_EQ(attempt.outcomes.at(1).status, "5.1.1");
  EXPECT_FALSE(attempt.destination_down);
  EXPECT_THAT(attempt.steps, ElementsAre("mx1.x.example [198.51.100.1]:25: 250 2.0.0 queued as 1"));
  EXPECT_THAT(stage.hosts.data, ElementsAre("Subject: hi\r\n\r\n..dot\r\nbye\r\n"));
  const auto second = stage.send(stage.job({"c@x.example"}));
  EXPECT_EQ(second.outcomes.at(0).kind, Kind::deferred);
  EXPECT_EQ(second.outcomes.at(0).status, "4.0.0");
  EXPECT_EQ(second.outcomes.at(0).code, 450);
  const auto third = stage.send(stage.job({"d@x.example"}));
  EXPECT_EQ(third.outcomes.at(0).text, "not now");
  EXPECT_THAT(stage.hosts.dialled, ElementsAre("198.51.100.1"));
  EXPECT_EQ(stage.client->stats().reused, 2U);
  EXPECT_EQ(stage.dns.asked("x.example", dns::Type::mx), 1U);
  stage.machine.advance(minutes{1});
  EXPECT_EQ(stage.hosts.quits, 1);
}

TEST(Client, PipelinesAndPassesOnWhatTheHostOffers) {
  Stage stage;
  stage.first() = {std::string{kHello} + R"(
    S: 250-PIPELINING
    S: 250-SIZE 1000
    S: 250-8BITMIME
    S: 250 DSN
    C: MAIL FROM:<me@us.example> SIZE=26 BODY=8BITMIME RET=FULL ENVID=a+20b
    C: RCPT TO:<a@x.example> NOTIFY=SUCCESS ORCPT=rfc822;o@x.example
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    T: data
    S: 250 done
  )"};
  auto job = stage.job({"a@x.example"});
  job.has_8bit_body = true;
  job.envelope.return_full = true;
  job.envelope.envid = "a b";
  job.recipients.at(0).orcpt = "rfc822;o@x.example";
  job.recipients.at(0).notify = {.bits = queue::Notify::kSuccess, .given = true};
  const auto attempt = stage.send(std::move(job));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::sent);
  EXPECT_TRUE(attempt.outcomes.at(0).dsn_passed_on);
}

TEST(Client, SendsSmallMessagesInOneChunk) {
  Stage stage;
  stage.first() = {std::string{kHello} + R"(
    S: 250-PIPELINING
    S: 250 CHUNKING
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<a@x.example>
    C: BDAT 26 LAST
    S: 250 ok
    S: 250 ok
    S: 250 done
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<b@x.example>
    C: BDAT 26 LAST
    S: 250 ok
    S: 550 no
    S: 503 nobody
    C: RSET
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<c@x.example>
    C: BDAT 26 LAST
    S: 250 ok
    S: 250 ok
    S: 250 ok
    S: 250 done
  )"};
  EXPECT_EQ(stage.send(stage.job({"a@x.example"}, std::string{kBody.substr(0, 24)} + "\r\n"))
                .outcomes.at(0)
                .kind,
            Kind::sent);
  EXPECT_EQ(
      stage.send(stage.job({"b@x.example"}, std::string{kBody.substr(0, 24)})).outcomes.at(0).kind,
      Kind::failed);
  EXPECT_EQ(
      stage.send(stage.job({"c@x.example"}, std::string{kBody.substr(0, 24)})).outcomes.at(0).kind,
      Kind::sent);
  EXPECT_THAT(stage.hosts.data, testing::Each(HasSubstr("\r\n.dot\r\n")));
}

TEST(Client, GoesOnToTheNextHostUntilMail) {
  for (const std::string_view fault :
       {"S: 421 too busy", "S: 554 go away", "S: HTTP/1.1 400", "T: close",
        "S: 220 hi\nC: EHLO us.example\nS: 421 not now", "S: 220 hi\nC: EHLO us.example\nT: close",
        "S: 220 hi\nC: EHLO us.example\nS: 250-a\nS: 251 b"}) {
    SCOPED_TRACE(fault);
    Stage stage;
    stage.first() = {std::string{fault}};
    stage.second() = {plain(R"(
      C: MAIL FROM:<me@us.example>
      S: 250 ok
      C: RCPT TO:<a@x.example>
      S: 250 ok
      C: DATA
      S: 354 go
      T: data
      S: 250 ok
    )")};
    const auto attempt = stage.send(stage.job({"a@x.example"}));
    EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::sent);
    EXPECT_EQ(attempt.outcomes.at(0).host, "mx2.x.example");
    EXPECT_EQ(attempt.steps.size(), 2U);
  }
}

TEST(Client, FallsBackToHelo) {
  Stage stage;
  stage.first() = {R"(
    S: 220 old
    C: EHLO us.example
    S: 502 what
    C: HELO us.example
    S: 250 old
    C: MAIL FROM:<me@us.example>
    S: 552 5.2.2 full
  )"};
  EXPECT_EQ(stage.send(stage.job({"a@x.example"})).outcomes.at(0).status, "5.2.2");
}

TEST(Client, AHostThatCannotBeReachedIsDown) {
  Stage stage;
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_TRUE(attempt.destination_down);
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::deferred);
  EXPECT_EQ(attempt.outcomes.at(0).status, "4.4.1");
  EXPECT_EQ(attempt.outcomes.at(0).code, 0);
  EXPECT_THAT(stage.hosts.dialled, ElementsAre("198.51.100.1", "198.51.100.2"));
}

TEST(Client, DnsDecidesBeforeAnyConnection) {
  Stage stage;
  auto job = stage.job({"a@nowhere.example"});
  job.domain = "nowhere.example";
  stage.dns.set("nowhere.example", dns::Type::mx,
                {.status = dns::Status::insecure, .outcome = dns::Outcome::nxdomain});
  auto attempt = stage.send(std::move(job));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::failed);
  EXPECT_EQ(attempt.outcomes.at(0).status, "5.1.2");
  EXPECT_FALSE(attempt.destination_down);
  stage.dns.fail("sick.example", dns::Type::mx, dns::Outcome::servfail);
  job = stage.job({"a@sick.example"});
  job.domain = "sick.example";
  attempt = stage.send(std::move(job));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::deferred);
  EXPECT_TRUE(attempt.destination_down);
  EXPECT_THAT(stage.hosts.dialled, IsEmpty());
}

TEST(Client, AConnectionLostBehindTheDotDefersAndSaysWhy) {
  Stage stage;
  stage.first() = {plain(R"(
    C: MAIL FROM:<me@us.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 250 ok
    C: DATA
    S: 354 go
    T: data
    T: close
  )")};
  stage.second() = {"S: 220 not to be used"};
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::deferred);
  EXPECT_THAT(attempt.outcomes.at(0).text, HasSubstr("may have arrived"));
  EXPECT_THAT(stage.hosts.dialled, ElementsAre("198.51.100.1"));
  EXPECT_FALSE(attempt.destination_down);
}

TEST(Client, AConnectionLostBeforeTheDotGoesToTheNextHost) {
  const std::vector<std::string_view> steps = {"C: MAIL FROM:<me@us.example>",
                                               "S: 250 ok",
                                               "C: RCPT TO:<a@x.example>",
                                               "S: 250 ok",
                                               "C: DATA",
                                               "S: 354 go"};
  for (const std::string_view end : {"T: close", "S: 421 bye"}) {
    for (std::size_t cut = 1; cut < 6; cut += 2) {
      SCOPED_TRACE(cut);
      Stage stage;
      std::string script{kPlainHello};
      for (std::size_t i = 0; i < cut; ++i) script += std::string{steps.at(i)} + '\n';
      stage.first() = {script + std::string{end} + '\n'};
      stage.second() = {plain(R"(
        C: MAIL FROM:<me@us.example>
        S: 250 ok
        C: RCPT TO:<a@x.example>
        S: 250 ok
        C: DATA
        S: 354 go
        T: data
        S: 250 ok
      )")};
      EXPECT_EQ(stage.send(stage.job({"a@x.example"})).outcomes.at(0).kind, Kind::sent);
    }
  }
}

TEST(Client, AnIdleConnectionThatHasGoneCostsNothing) {
  const std::string once = plain(R"(
    C: MAIL FROM:<me@us.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 250 ok
    C: DATA
    S: 354 go
    T: data
    S: 250 ok
  )");
  Stage stage;
  stage.first() = {once + "S: 421 idle too long\nT: close\n", once};
  EXPECT_EQ(stage.send(stage.job({"a@x.example"})).outcomes.at(0).kind, Kind::sent);
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::sent);
  EXPECT_EQ(attempt.steps.size(), 1U);
}

TEST(Client, SilenceEndsInATimeOut) {
  Stage stage;
  stage.first() = {"T: silent"};
  const auto attempt = stage.send(stage.job({"a@x.example"}), minutes{6});
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::deferred);
  EXPECT_THAT(attempt.steps.at(0), HasSubstr("timed out while waiting for the greeting"));
}

TEST(Client, TurnsToTls) {
  Stage stage{true};
  stage.first() = {with("STARTTLS", R"(
    C: STARTTLS
    S: 220 go
    T: tls
    C: EHLO us.example
    S: 250 mx.example
    C: MAIL FROM:<me@us.example>
    S: 550 no
  )")};
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).code, 550);
  EXPECT_THAT(attempt.steps.at(0), HasSubstr("TLSv1.3"));
  EXPECT_EQ(stage.client->stats().tls, 1U);
}

TEST(Client, AFailedHandshakeIsTriedOnceMoreInClearAndTraced) {
  Stage stage{true};
  stage.first() = {with("STARTTLS", "C: STARTTLS\nS: 220 go\nT: close"),
                   with("STARTTLS", "C: MAIL FROM:<me@us.example>\nS: 550 no")};
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).code, 550);
  EXPECT_THAT(attempt.steps, Contains(HasSubstr("once more in clear")));
  EXPECT_EQ(stage.client->stats().tls_fallbacks, 1U);
}

/// What is noted of one attempt with such hosts.
std::vector<reports::SeenSession> noted(std::vector<std::string> hosts, bool null_sender = false) {
  Stage stage{true};
  std::vector<reports::SeenSession> out;
  stage.settings.note_session = [&out](reports::SeenSession session) {
    out.push_back(std::move(session));
  };
  stage.start();
  stage.first() = {hosts.begin(), hosts.end()};
  auto job = stage.job({"a@x.example"});
  if (null_sender) job.envelope.from.reset();
  stage.send(std::move(job));
  return out;
}

TEST(Client, TellsOfSessionsWithAndWithoutTls) {
  const auto good = noted({with("STARTTLS",
                                "C: STARTTLS\nS: 220 go\nT: tls\nC: EHLO us.example\n"
                                "S: 250 mx\nC: MAIL FROM:<me@us.example>\nS: 550 no")});
  ASSERT_EQ(good.size(), 1U);
  EXPECT_FALSE(good.front().failure);
  EXPECT_EQ(good.front().domain, "x.example");
  EXPECT_EQ(good.front().mx, "mx1.x.example");
  EXPECT_EQ(good.front().mx_ip, text::IpAddress::parse("198.51.100.1"));
  EXPECT_EQ(good.front().our_ip, text::IpAddress::parse("192.0.2.1"));
  const auto clear = noted({plain("C: MAIL FROM:<me@us.example>\nS: 550 no")});
  ASSERT_EQ(clear.size(), 1U);
  EXPECT_EQ(clear.front().failure, feedback::TlsResult::starttls_not_supported);
  // Tried again in clear, it is one session that failed.
  const auto broken = noted({with("STARTTLS", "C: STARTTLS\nS: 220 go\nT: close"),
                             with("STARTTLS", "C: MAIL FROM:<me@us.example>\nS: 550 no")});
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken.front().failure, feedback::TlsResult::validation_failure);
  // Mail without a sender may be a report about just that.
  EXPECT_TRUE(noted({plain("C: MAIL FROM:<>\nS: 550 no")}, true).empty());
}

TEST(Client, WordsInjectedBeforeTheHandshakeEndTheConnection) {
  Stage stage{true};
  stage.settings.max_hosts = 1;
  stage.start();
  stage.first() = {with("STARTTLS", "C: STARTTLS\nS~ 220 go\\r\\n250 evil\\r\\n\nT: silent")};
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::deferred);
  EXPECT_THAT(attempt.steps, Contains(HasSubstr("injected")));
  EXPECT_EQ(stage.client->stats().tls_fallbacks, 0U);
}

TEST(Client, WhatAHostCannotTakeIsNotSent) {
  struct Row {
    const char* capabilities;
    bool own;
    bool eight_bit;
    bool utf8_sender;
    std::size_t size;
    const char* status;
  };
  for (const Row& row : {Row{"SIZE 10", true, false, false, 0, "5.3.4"},
                         Row{"8BITMIME", true, false, true, 0, "5.6.7"},
                         Row{"PIPELINING", false, true, false, 0, "5.6.3"}}) {
    SCOPED_TRACE(row.capabilities);
    Stage stage;
    stage.first() = {with(row.capabilities, "")};
    auto job = stage.job({"a@x.example"});
    job.own = row.own;
    job.has_8bit_body = row.eight_bit;
    if (row.utf8_sender)
      job.envelope.from = smtp::parse_address("mé@us.example", {.utf8 = true}).value();
    const auto attempt = stage.send(std::move(job));
    EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::failed);
    EXPECT_EQ(attempt.outcomes.at(0).status, row.status);
    EXPECT_THAT(stage.hosts.dialled, ElementsAre("198.51.100.1"));
  }
}

TEST(Client, SmtpUtf8IsAskedForOnlyWhenNeededAndOnlyThoseSuffer) {
  Stage stage;
  stage.first() = {plain(R"(
    C: MAIL FROM:<me@us.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 550 no
  )")};
  const auto attempt = stage.send(stage.job({"a@x.example", "ü@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).code, 550);
  EXPECT_EQ(attempt.outcomes.at(1).status, "5.6.7");
  Stage other;
  other.first() = {with("SMTPUTF8", "C: MAIL FROM:<me@us.example> SMTPUTF8\nS: 550 no\n")};
  EXPECT_EQ(other.send(other.job({"ü@x.example"})).outcomes.at(0).code, 550);
}

TEST(Client, TooManyRecipientsAreSentInFurtherTransactions) {
  Stage stage;
  stage.first() = {with("PIPELINING", R"(
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<a@x.example>
    C: RCPT TO:<b@x.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 452 4.5.3 too many
    S: 354 go
    T: data
    S: 250 one
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<b@x.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    T: data
    S: 250 two
  )")};
  const auto attempt = stage.send(stage.job({"a@x.example", "b@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).text, "one");
  EXPECT_EQ(attempt.outcomes.at(1).text, "two");
}

TEST(Client, EveryRefusedRecipientEndsThePipelinedDataEmpty) {
  Stage stage;
  stage.first() = {with("PIPELINING", R"(
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<a@x.example>
    C: DATA
    S: 250 ok
    S: 550 no
    S: 354 go
    C: .
    S: 554 nobody
  )")};
  EXPECT_EQ(stage.send(stage.job({"a@x.example"})).outcomes.at(0).text, "no");
}

TEST(Client, Ipv4WhenIpv6IsRefusedForItsName) {
  Stage stage;
  stage.dns.add_mx("six.example", 10, "mx.six.example");
  stage.dns.add_address("mx.six.example", "2001:db8::1");
  stage.dns.add_address("mx.six.example", "198.51.100.9");
  const auto talk = [](std::string_view end) {
    return plain("C: MAIL FROM:<me@us.example>\nS: 250 ok\nC: RCPT TO:<a@six.example>\nS: " +
                 std::string{end} + '\n');
  };
  stage.hosts.scripts["2001:db8::1"] = {talk("550 5.7.25 no PTR record")};
  stage.hosts.scripts["198.51.100.9"] = {talk("550 5.1.1 no such user")};
  auto job = stage.job({"a@six.example"});
  job.domain = "six.example";
  const auto attempt = stage.send(std::move(job));
  EXPECT_EQ(attempt.outcomes.at(0).status, "5.1.1");
}

TEST(Client, AStaticRouteTakesAllRemoteMail) {
  Stage stage;
  stage.settings.route.routes = {
      {.domain = {}, .to = route::parse_next_hop("127.0.0.1:2525").value()}};
  stage.start();
  stage.hosts.scripts["127.0.0.1"] = {plain("C: MAIL FROM:<me@us.example>\nS: 550 no\n")};
  const auto attempt = stage.send(stage.job({"a@x.example"}));
  EXPECT_EQ(attempt.outcomes.at(0).code, 550);
  EXPECT_THAT(attempt.steps.at(0), HasSubstr("[127.0.0.1]:2525"));
}

TEST(Client, LargeMessagesAreStreamed) {
  Stage stage;
  stage.first() = {with("PIPELINING", R"(
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<a@x.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    T: data
    S: 250 ok
  )")};
  std::string body = "Subject: large\r\n\r\n";
  while (body.size() < 700'000) body += "0123456789012345678901234567890123456789\r\n";
  EXPECT_EQ(stage.send(stage.job({"a@x.example"}, body)).outcomes.at(0).kind, Kind::sent);
  EXPECT_EQ(stage.hosts.data.at(0), body);
}

TEST(Client, ABareLineFeedNeverLeaves) {
  Stage stage;
  stage.first() = {with("PIPELINING", R"(
    C: MAIL FROM:<me@us.example>
    C: RCPT TO:<a@x.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    T: silent
  )")};
  const auto attempt = stage.send(stage.job({"a@x.example"}, "Subject: x\r\n\r\na\n.\r\n"));
  EXPECT_EQ(attempt.outcomes.at(0).kind, Kind::failed);
  EXPECT_EQ(attempt.outcomes.at(0).status, "5.6.0");
}

TEST(Client, OurOwnMailIsConvertedForASevenBitHost) {
  Stage stage;
  stage.first() = {plain(R"(
    C: MAIL FROM:<me@us.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 250 ok
    C: DATA
    S: 354 go
    T: data
    S: 250 ok
  )")};
  auto job = stage.job({"a@x.example"},
                       "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                       "Content-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\nGr\xc3\xbc\xc3\x9f"
                       "e\r\n");
  job.has_8bit_body = true;
  EXPECT_EQ(stage.send(std::move(job)).outcomes.at(0).kind, Kind::sent);
  EXPECT_EQ(stage.hosts.data.at(0),
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\nSubject: x\r\n\r\nGr=C3=BC=C3=9Fe\r\n");
}

}  // namespace
}  // namespace postern::smtpc
