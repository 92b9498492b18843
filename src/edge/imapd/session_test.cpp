#include "imapd/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imapd/session_fixture.hpp"
#include "net/transcript.hpp"
#include "sasl/client.hpp"
#include "sasl/frame.hpp"
#include "sasl/scram_message.hpp"

namespace postern::imapd {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class SessionTest : public ::testing::Test {
 protected:
  std::string play(std::string_view script, const net::MemoryOptions& options = {}) {
    return net::play_transcript(
        rig_.machine,
        [this](std::unique_ptr<net::Stream> stream) {
          return serve(rig_.machine.core(), std::move(stream), rig_.services, rig_.settings);
        },
        script, options);
  }
  Rig rig_;
};

TEST_F(SessionTest, InClearThereIsNoLogin) {
  rig_.settings->implicit_tls = false;
  EXPECT_EQ(play(R"(
    S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE STARTTLS LOGINDISABLED] *
    C: a LOGIN ann@example.org secret
    S= a NO [PRIVACYREQUIRED] Not before STARTTLS
    C: b AUTHENTICATE PLAIN
    S: b NO [PRIVACYREQUIRED] *
    C: c STARTTLS
    S: c OK *
    T: tls
    C: d CAPABILITY
    S: * CAPABILITY * SASL-IR AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN
    S: d OK *
    C: e STARTTLS
    S: e BAD *
    C: f LOGOUT
    S: * BYE *
    S: f OK *
    T: closed
  )"),
            "");
}

TEST_F(SessionTest, WhatStandsBehindStartTlsEndsTheConnection) {
  rig_.settings->implicit_tls = false;
  EXPECT_EQ(play(R"(
    S: * OK *
    C~ a STARTTLS\r\nb LOGIN x y\r\n
    T: closed
  )"),
            "");
}

TEST_F(SessionTest, WithoutCertificateNoStartTls) {
  rig_.settings->implicit_tls = false;
  rig_.settings->tls = nullptr;
  EXPECT_EQ(play(R"(
    S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE LOGINDISABLED] *
    C: a STARTTLS
    S: a BAD *
  )"),
            "");
}

TEST_F(SessionTest, CommandsKnowTheirStates) {
  EXPECT_EQ(play(R"(
    T: tls
    S: * OK *
    C: a SELECT INBOX
    S= a BAD Log in first
    C: b NOOP
    S: b OK *
    C: c FETCH 1 FLAGS
    S: c BAD *
    C: d ID NIL
    S= * ID ("name" "Postern")
    S: d OK *
    C: e NONSENSE
    S: e BAD *
    C: }{
    S: * BAD *
  )"),
            "");
}

TEST_F(SessionTest, LoginWithAPassword) {
  Client client{rig_};
  EXPECT_THAT(client.heard(), StartsWith("* OK [CAPABILITY IMAP4rev1"));
  EXPECT_THAT(client.log_in(), AllOf(StartsWith("L OK [CAPABILITY IMAP4rev1 IMAP4rev2"),
                                     HasSubstr(" IDLE "), HasSubstr("APPENDLIMIT=104857600")));
  EXPECT_EQ(rig_.guard.successes, 1);
  EXPECT_EQ(rig_.metrics.logins.value(), 1U);
  EXPECT_THAT(client.log_in(), HasSubstr("L BAD You are logged in already"));
}

TEST_F(SessionTest, AFailedLoginIsAnsweredLate) {
  Client client{rig_};
  client.heard();
  EXPECT_EQ(client.ask("a LOGIN ann@example.org wrong\nb NOOP\n"), "");
  rig_.machine.advance(1999ms);
  EXPECT_EQ(client.heard(), "");
  rig_.machine.advance(1ms);
  EXPECT_EQ(client.heard(), "a NO [AUTHENTICATIONFAILED] Authentication failed\nb OK Done\n");
  EXPECT_EQ(rig_.guard.failures, 1);
  EXPECT_EQ(rig_.metrics.failed_logins.value(), 1U);
  EXPECT_THAT(client.log_in(), StartsWith("L OK"));
}

TEST_F(SessionTest, OnlySoManyAnswersAreHeldBack) {
  Client client{rig_};
  client.heard();
  rig_.metrics.delayed_logins.set(100);
  EXPECT_THAT(client.ask("a LOGIN ann@example.org wrong\n"), StartsWith("a NO"));
  rig_.metrics.delayed_logins.set(99);
  EXPECT_EQ(client.ask("b LOGIN ann@example.org wrong\n"), "");
  rig_.machine.advance(2s);
  EXPECT_THAT(client.heard(), StartsWith("b NO"));
  EXPECT_EQ(rig_.metrics.delayed_logins.value(), 99);
}

TEST_F(SessionTest, TheDelayIsNotTakenFromTheTimeToLogIn) {
  rig_.settings->login_limit = 1s;
  Client client{rig_};
  client.heard();
  client.ask("a LOGIN ann@example.org wrong\n");
  rig_.machine.advance(2s);
  EXPECT_THAT(client.heard(), StartsWith("a NO"));
  EXPECT_THAT(client.log_in(), StartsWith("L OK"));
}

TEST_F(SessionTest, TheDelayEndsWhenThePeerLeaves) {
  {
    Client client{rig_};
    client.ask("a LOGIN ann@example.org wrong\n");
    EXPECT_EQ(rig_.metrics.connections.value(), 1);
  }
  EXPECT_EQ(rig_.metrics.connections.value(), 0);
}

TEST_F(SessionTest, ManyFailedLoginsEndIt) {
  Client client{rig_};
  client.heard();
  for (int i = 0; i < 5; ++i) {
    client.ask("a LOGIN nobody@example.org wrong\n");
    rig_.machine.advance(2s);
  }
  EXPECT_THAT(client.heard(), HasSubstr("* BYE Too many failed logins"));
  EXPECT_TRUE(client.closed());
}

/// An AUTHENTICATE exchange with our own client; the last lines heard.
std::string authenticate(Client& client, std::string_view name, const std::string& password,
                         bool initial) {
  SystemRandom random;
  // A client that could bind to the channel and does not would be taken for a victim.
  sasl::Channel channel{.encrypted = true};
  if (name.ends_with("-PLUS"))
    channel.tls_exporter = client.stream().tls_exporter("EXPORTER-Channel-Binding", 32).value();
  const auto mechanism = sasl::make_client_mechanism(
                             name, {.user = std::string{Rig::kUser}, .password = Secret{password}},
                             channel, sasl::make_scram_nonce(random.bytes(18)))
                             .value();
  std::string command = "s AUTHENTICATE " + std::string{name};
  if (const auto first = mechanism->initial_response(); initial && first)
    command += " " + sasl::encode_initial_response(*first);
  auto heard = client.ask(command + "\n");
  while (heard.starts_with("+ ")) {
    heard.pop_back();
    const auto challenge = sasl::decode_challenge(heard.substr(2)).value();
    if (challenge.empty() && !initial && mechanism->initial_response()) {
      heard = client.ask(sasl::encode_response(*mechanism->initial_response()) + "\n");
      continue;
    }
    const auto answer = mechanism->answer(challenge);
    heard = client.ask(answer ? sasl::encode_response(*answer) + "\n" : "*\n");
  }
  return heard;
}

TEST_F(SessionTest, AllMechanismsLetTheRightOneIn) {
  for (const auto* name : {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"}) {
    for (const bool initial : {true, false}) {
      if (!initial && std::string_view{name} != "PLAIN") continue;
      Client client{rig_};
      client.heard();
      EXPECT_THAT(authenticate(client, name, rig_.password, initial),
                  StartsWith("s OK [CAPABILITY"))
          << name;
      EXPECT_THAT(client.ask("a STATUS INBOX (MESSAGES)\n"), HasSubstr("a OK"));
    }
  }
}

TEST_F(SessionTest, NoMechanismLetsAWrongPasswordIn) {
  for (const auto* name : {"SCRAM-SHA-256-PLUS", "PLAIN"}) {
    Client client{rig_};
    client.heard();
    (void)authenticate(client, name, "wrong", true);
    rig_.machine.advance(2s);
    EXPECT_THAT(client.heard(), StartsWith("s NO [AUTHENTICATIONFAILED]")) << name;
    EXPECT_THAT(client.ask("a STATUS INBOX (MESSAGES)\n"), StartsWith("a BAD"));
  }
}

TEST_F(SessionTest, AnExchangeCanBeGivenUp) {
  EXPECT_EQ(play(R"(
    T: tls
    S: * OK *
    C: a AUTHENTICATE PLAIN
    S: +*
    C: *
    S: a BAD *
    C: b AUTHENTICATE PLAIN
    S: +*
    C: !!!
    S: b BAD *
    C: c AUTHENTICATE KERBEROS
    S: c NO *
    C: d NOOP
    S: d OK *
  )"),
            "");
}

TEST_F(SessionTest, LoginMustComeInTime) {
  EXPECT_EQ(play(R"(
    T: tls
    S: * OK *
    T: wait 50s
    C: a NOOP
    S: a OK *
    T: wait 9s
    T: quiet
    T: wait 1s
    S= * BYE Idle for too long
    T: closed
  )"),
            "");
}

TEST_F(SessionTest, IdleOnesAreLoggedOut) {
  Client client{rig_};
  client.log_in();
  rig_.machine.advance(29min);
  EXPECT_EQ(client.ask("a NOOP\n"), "a OK Done\n");
  rig_.machine.advance(30min);
  EXPECT_EQ(client.heard(), "* BYE Idle for too long\n");
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, NonsenseEndsIt) {
  Client client{rig_};
  client.heard();
  std::string nonsense;
  for (int i = 0; i < 12; ++i) nonsense += "GET / HTTP/1.1\n";
  EXPECT_THAT(client.ask(nonsense), HasSubstr("* BYE Too many commands"));
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, StrangersMaySayLittle) {
  Client client{rig_};
  client.heard();
  EXPECT_THAT(client.ask("a LOGIN " + std::string(20'000, 'x') + " y\n"),
              StartsWith("a BAD command line too long"));
  EXPECT_THAT(client.ask("b LOGIN {9000}\n"), StartsWith("b NO [TOOBIG]"));
  EXPECT_THAT(client.ask("c APPEND INBOX {10}\n"), StartsWith("c BAD Log in first"));
  client.say("d LOGIN {900000+}\n" + std::string(100'000, 'x'));
  EXPECT_THAT(client.heard(), HasSubstr("* BYE Too much input"));
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, LiteralsAndPipelining) {
  Client client{rig_};
  client.heard();
  EXPECT_EQ(client.ask("a LOGIN {15}\n"), "+ go on\n");
  const auto size = std::to_string(rig_.password.size());
  EXPECT_THAT(client.ask("ann@example.org {" + size + "+}\n" + rig_.password +
                         "\nb NOOP\nc EXAMINE INBOX\nd UNSELECT\n"),
              AllOf(StartsWith("a OK"), HasSubstr("\nb OK Done\n"), HasSubstr("\n* 0 EXISTS\n"),
                    HasSubstr("\nc OK [READ-ONLY] Examined\nd OK Unselected\n")));
}

TEST_F(SessionTest, OctetByOctetIsTheSame) {
  net::MemoryOptions options;
  options.max_chunk = 1;
  Client client{rig_, options};
  EXPECT_THAT(client.log_in(), HasSubstr("L OK"));
  EXPECT_THAT(client.append("INBOX", "hello"), HasSubstr("P OK [APPENDUID"));
  EXPECT_THAT(client.ask("a SELECT INBOX\n"), HasSubstr("* 1 EXISTS"));
}

TEST_F(SessionTest, StrangersHaveSoManyPlaces) {
  rig_.guard.most = 1;
  Client first{rig_};
  EXPECT_THAT(first.heard(), StartsWith("* OK"));
  Client second{rig_};
  EXPECT_EQ(second.heard(), "") << "what is saved is the handshake";
  EXPECT_TRUE(second.closed());
  rig_.settings->implicit_tls = false;
  Client in_clear{rig_};
  EXPECT_EQ(in_clear.heard(), "* BYE [UNAVAILABLE] Too many connections from your network\n");
  EXPECT_TRUE(in_clear.closed());
  rig_.settings->implicit_tls = true;
  EXPECT_THAT(first.log_in(), HasSubstr("L OK"));
  Client third{rig_};
  EXPECT_THAT(third.heard(), StartsWith("* OK")) << "who is logged in is no stranger";
}

/// NO [LIMIT] (RFC 5530 §3), to either way of logging in; a place that is left is another's.
TEST_F(SessionTest, AnAccountHasSoManyConnections) {
  rig_.settings->account_connections = 2;
  (void)rig_.machine.run(rig_.directory->add_account("bob@example.org", Secret{rig_.password}, 0));
  auto first = std::make_unique<Client>(rig_);
  EXPECT_THAT(first->log_in(), HasSubstr("L OK"));
  Client second{rig_};
  EXPECT_THAT(second.log_in(), HasSubstr("L OK"));
  Client third{rig_};
  third.heard();
  EXPECT_EQ(third.log_in(), "L NO [LIMIT] This account has too many connections\n");
  EXPECT_EQ(authenticate(third, "SCRAM-SHA-256", rig_.password, true),
            "s NO [LIMIT] This account has too many connections\n");
  EXPECT_THAT(third.ask("a SELECT INBOX\n"), StartsWith("a BAD"));
  EXPECT_EQ(rig_.guard.failures, 0);
  EXPECT_EQ(rig_.metrics.logins.value(), 2U);
  Client bob{rig_};
  EXPECT_THAT(bob.ask("a LOGIN bob@example.org " + rig_.password + "\n"), HasSubstr("a OK"));
  first.reset();
  EXPECT_THAT(third.log_in(), HasSubstr("L OK"));
}

constexpr std::string_view kOver = "* BYE Your login is good no more, please log in again\n";

TEST_F(SessionTest, AChangedPasswordEndsWhatWasLoggedIn) {
  (void)rig_.machine.run(rig_.directory->add_account("bob@example.org", Secret{rig_.password}, 0));
  Client bob{rig_};
  bob.ask("a LOGIN bob@example.org " + rig_.password + "\n");
  Client plain{rig_};
  plain.log_in();
  Client scram{rig_};
  scram.heard();
  EXPECT_THAT(authenticate(scram, "SCRAM-SHA-256", rig_.password, true), HasSubstr("s OK"));
  Client stranger{rig_};
  stranger.heard();
  plain.ask("a SELECT INBOX\n");
  EXPECT_EQ(scram.ask("a NOOP\n"), "a OK Done\n");
  rig_.password += "other";
  ASSERT_TRUE(rig_.machine.run(
      rig_.directory->set_password(std::string{Rig::kUser}, Secret{rig_.password})));
  EXPECT_EQ(plain.ask("b NOOP\nc FETCH 1 FLAGS\n"), kOver);
  EXPECT_TRUE(plain.closed());
  EXPECT_EQ(scram.ask("b NOOP\n"), kOver);
  EXPECT_EQ(bob.ask("b NOOP\n"), "b OK Done\n");
  EXPECT_EQ(stranger.ask("b NOOP\n"), "b OK Done\n");
  EXPECT_THAT(stranger.log_in(), StartsWith("L OK"));
  EXPECT_EQ(stranger.ask("c NOOP\n"), "c OK Done\n");
}

TEST_F(SessionTest, WhoeverIsDisabledOrRemovedIsLetGo) {
  Client ann{rig_};
  ann.log_in();
  ASSERT_TRUE(rig_.machine.run(rig_.directory->set_disabled(std::string{Rig::kUser}, true)));
  EXPECT_EQ(ann.ask("a LIST \"\" *\n"), kOver);
  EXPECT_TRUE(ann.closed());
  ASSERT_TRUE(rig_.machine.run(rig_.directory->set_disabled(std::string{Rig::kUser}, false)));
  Client again{rig_};
  EXPECT_THAT(again.log_in(), HasSubstr("L OK"));
  ASSERT_TRUE(rig_.machine.run(rig_.directory->remove_account(std::string{Rig::kUser})));
  EXPECT_EQ(again.ask("a NOOP\n"), kOver);
  EXPECT_TRUE(again.closed());
}

TEST_F(SessionTest, IdleEndsWithItsLogin) {
  (void)rig_.machine.run(rig_.directory->add_account("bob@example.org", Secret{rig_.password}, 0));
  const auto idle = [this](std::string_view name, std::string_view command) {
    auto client = std::make_unique<Client>(rig_);
    client->ask("a LOGIN " + std::string{name} + " " + rig_.password + "\n");
    client->ask(command);
    EXPECT_EQ(client->ask("i IDLE\n"), "+ idling\n");
    return client;
  };
  const auto bob = idle("bob@example.org", "b NOOP\n");
  for (const std::string_view end : {"password", "disable", "remove"}) {
    const auto selected = idle(Rig::kUser, "b SELECT INBOX\n");
    const auto nowhere = idle(Rig::kUser, "b NOOP\n");
    const std::string user{Rig::kUser};
    if (end == "password")
      EXPECT_TRUE(rig_.machine.run(rig_.directory->set_password(user, Secret{rig_.password})));
    if (end == "disable") EXPECT_TRUE(rig_.machine.run(rig_.directory->set_disabled(user, true)));
    if (end == "remove") EXPECT_TRUE(rig_.machine.run(rig_.directory->remove_account(user)));
    EXPECT_EQ(selected->heard(), kOver) << end;
    EXPECT_EQ(nowhere->heard(), kOver) << end;
    EXPECT_TRUE(selected->closed() && nowhere->closed()) << end;
    if (end == "disable") EXPECT_TRUE(rig_.machine.run(rig_.directory->set_disabled(user, false)));
  }
  EXPECT_EQ(bob->ask("DONE\n"), "i OK No longer idle\n");
}

TEST_F(SessionTest, AMessageOnItsWayInIsNotAppendedAfterItsLogin) {
  Client client{rig_};
  client.log_in();
  EXPECT_EQ(client.ask("a APPEND INBOX {6}\n"), "+ go on\n");
  ASSERT_TRUE(rig_.machine.run(
      rig_.directory->set_password(std::string{Rig::kUser}, Secret{rig_.password})));
  EXPECT_EQ(client.ask("A: b\n\n"), kOver);
  Client again{rig_};
  again.log_in();
  EXPECT_THAT(again.ask("a STATUS INBOX (MESSAGES)\n"), HasSubstr("(MESSAGES 0)"));
}

TEST_F(SessionTest, ShutdownSaysBye) {
  Client client{rig_};
  client.log_in();
  client.server().wake();
  EXPECT_EQ(client.heard(), "* BYE The server is shutting down\n");
  EXPECT_TRUE(client.closed());

  Client idle{rig_};
  idle.log_in();
  idle.ask("a SELECT INBOX\nb IDLE\n");
  idle.server().wake();
  EXPECT_EQ(idle.heard(), "* BYE The server is shutting down\n");

  Client stopped{rig_};
  stopped.log_in();
  stopped.server().stop(Errc::shutting_down);
  EXPECT_EQ(stopped.heard(), "");
  EXPECT_TRUE(stopped.closed());
}

TEST_F(SessionTest, EnableTellsWhatIsNew) {
  Client client{rig_};
  client.log_in();
  EXPECT_EQ(client.ask("a ENABLE condstore X-NONE IMAP4rev2\n"),
            "* ENABLED CONDSTORE IMAP4rev2\na OK Enabled\n");
  EXPECT_EQ(client.ask("b ENABLE IMAP4rev2\n"), "* ENABLED\nb OK Enabled\n");
  const auto selected = client.ask("c SELECT inbox\n");
  EXPECT_THAT(selected, AllOf(HasSubstr("* LIST () \"/\" INBOX\n"), Not(HasSubstr("RECENT")),
                              HasSubstr("[HIGHESTMODSEQ ")));
}

}  // namespace
}  // namespace postern::imapd
