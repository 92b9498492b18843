#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sasl/client.hpp"
#include "sasl/frame.hpp"
#include "sasl/scram_message.hpp"
#include "signing/fake_signer.hpp"
#include "smtpd/fakes.hpp"

namespace postern::smtpd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto kTls =
    "S: 220 *\nC: EHLO laptop\nS: ...\nS: 250 *\nC: STARTTLS\nS: 220 *\nT: tls\n"
    "C: EHLO laptop\nS: ...\nS: 250 *\n";

class SubmissionTest : public ::testing::Test {
 protected:
  std::string in_tls(const std::string& rest) { return rig_.play(kTls + rest); }
  std::string logged_in(const std::string& rest) {
    return in_tls("C: AUTH PLAIN " + rig_.ann_plain() + "\nS: 235 2.7.0 *\n" + rest);
  }
  /// MAIL, RCPT, DATA with `from` and `data`, a list of "C: " lines; then `answer`.
  std::string submit(const std::string& from, const std::string& data, const std::string& answer) {
    return logged_in("C: MAIL FROM:<" + from +
                     ">\nS: 250 *\nC: RCPT TO:<x@example.com>\nS: 250 *\n" + "C: DATA\nS: 354 *\n" +
                     data + "C: .\nS: " + answer + "\n");
  }
  static std::string plain(const std::string& user, const std::string& password) {
    return text::to_base64('\0' + user + '\0' + password);
  }

  Rig rig_{Profile::submission};
};

TEST_F(SubmissionTest, NothingBeforeTls) {
  EXPECT_EQ(rig_.play(R"(
    S: 220 *
    C: EHLO laptop
    S: 250-*
    S: 250-SIZE *
    S= 250-PIPELINING
    S= 250-8BITMIME
    S= 250-SMTPUTF8
    S= 250-STARTTLS
    S= 250-CHUNKING
    S= 250-DSN
    S= 250-ENHANCEDSTATUSCODES
    S= 250 LIMITS RCPTMAX=1000
    C: AUTH PLAIN AGEAYg==
    S: 530 5.7.0 *STARTTLS*
    C: MAIL FROM:<ann@example.org>
    S: 530 5.7.0 *STARTTLS*
    C: VRFY ann
    S: 530 5.7.0 *
    C: NOOP
    S: 250 *
  )"),
            "");
}

TEST_F(SubmissionTest, OffersMechanismsInTls) {
  EXPECT_EQ(rig_.play(std::string{"S: 220 *\nC: EHLO a\nS: ...\nS: 250 *\nC: STARTTLS\nS: 220 *\n"
                                  "T: tls\nC: EHLO a\nS: ...\n"} +
                      "S= 250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\nS: 250 *\n"
                      "C: MAIL FROM:<ann@example.org>\nS: 530 5.7.0 Authentication required\n"),
            "");
}

TEST_F(SubmissionTest, ImplicitTls) {
  rig_.settings->implicit_tls = true;
  EXPECT_EQ(rig_.play("T: tls\nS: 220 *\nC: EHLO a\nS: ...\nS: 250 *\nC: AUTH PLAIN " +
                      rig_.ann_plain() + "\nS: 235 *\n"),
            "");
}

TEST_F(SubmissionTest, PlainAndLogin) {
  EXPECT_EQ(logged_in("C: AUTH PLAIN x\nS: 503 *\n"), "");
  EXPECT_EQ(in_tls("C: AUTH PLAIN\nS= 334 \nC: " + rig_.ann_plain() + "\nS: 235 *\n"), "");
  EXPECT_EQ(in_tls("C: AUTH LOGIN\nS= 334 VXNlcm5hbWU6\nC: " + text::to_base64("ann@example.org") +
                   "\nS= 334 UGFzc3dvcmQ6\nC: " + text::to_base64(rig_.directory.password) +
                   "\nS: 235 *\n"),
            "");
  EXPECT_EQ(in_tls("C: AUTH PLAIN\nS= 334 \nC: *\nS: 501 *\nC: NOOP\nS: 250 *\n"), "");
  EXPECT_EQ(in_tls("C: AUTH PLAIN ???\nS: 501 5.5.2 *\n"), "");
  EXPECT_EQ(in_tls("C: AUTH CRAM-MD5\nS: 504 5.5.4 *\n"), "");
  EXPECT_EQ(in_tls("C: AUTH PLAIN\nS= 334 \nC: " + std::string(20'000, 'A') + "\nS: 500 5.5.6 *\n"),
            "");
}

/// Row A9.
TEST_F(SubmissionTest, AWrongPasswordIsAnsweredLate) {
  const auto wrong = plain("ann@example.org", "x");
  EXPECT_EQ(
      in_tls("C: AUTH PLAIN " + wrong + "\nT: quiet\nT: wait 999ms\nT: quiet\nT: wait 1ms\n" +
             "S= 535 5.7.8 Authentication failed\nC: AUTH PLAIN " + plain("no@example.org", "x") +
             "\nT: wait 1999ms\nT: quiet\nT: wait 1ms\nS= 535 5.7.8 Authentication failed\n" +
             "C: AUTH PLAIN " + wrong + "\nT: wait 4s\nS: 535 *\nS: 421 4.7.0 *\nT: closed\n"),
      "");
  EXPECT_EQ(rig_.metrics.failed_logins.value(), 3U);
  // Commands sent meanwhile wait their turn; who leaves is not waited for.
  EXPECT_EQ(in_tls("C: AUTH PLAIN " + wrong + "\nC: NOOP\nT: wait 8s\nS: 535 *\nS: 250 *\n"), "");
  EXPECT_EQ(in_tls("C: AUTH PLAIN " + wrong + "\nT: eof\n"), "");
  EXPECT_EQ(rig_.metrics.connections.value(), 0);
}

TEST_F(SubmissionTest, NobodyActsForAnother) {
  const auto act = text::to_base64("bob@example.org" + std::string{"\0ann@example.org\0", 17} +
                                   rig_.directory.password);
  EXPECT_EQ(in_tls("C: AUTH PLAIN " + act + "\nT: wait 1s\nS: 535 *\n"), "");
}

TEST_F(SubmissionTest, ABusyDirectoryIsTemporary) {
  rig_.directory.busy = true;
  EXPECT_EQ(in_tls("C: AUTH PLAIN " + rig_.ann_plain() + "\nS: 454 4.7.0 *\n"), "");
  EXPECT_EQ(rig_.metrics.failed_logins.value(), 0U);
}

/// A client of its own: SCRAM cannot be written down beforehand.
class ScramClient {
 public:
  explicit ScramClient(Rig& rig) : rig_{rig} {
    auto pair = net::make_memory_pair(rig.machine.core());
    stream_ = std::move(pair.client);
    rig.machine.group().spawn(
        serve(rig.machine.core(), std::move(pair.server), rig.services, rig.settings));
    (void)ask("EHLO a\r\n");
    (void)ask("STARTTLS\r\n");
    (void)rig.machine.run(stream_->connect_tls(nullptr, {}, 1s));
    (void)ask("EHLO a\r\n");
  }
  ScramClient(const ScramClient&) = delete;
  ScramClient& operator=(const ScramClient&) = delete;
  ~ScramClient() {
    stream_.reset();
    rig_.machine.poll();
  }
  /// The last answer of the server to an exchange by `name`.
  std::string log_in(std::string_view name, const std::string& password, bool binds) {
    sasl::Channel channel{.encrypted = true};
    if (binds) channel.tls_exporter = stream_->tls_exporter("EXPORTER-Channel-Binding", 32).value();
    auto client = sasl::make_client_mechanism(
        name, {.user = "ann@example.org", .password = Secret<std::string>{password}}, channel,
        sasl::make_scram_nonce(rig_.machine.core().random.bytes(18)));
    std::string said = "AUTH " + std::string{name} + " " +
                       sasl::encode_initial_response((*client)->initial_response().value()) +
                       "\r\n";
    for (;;) {
      std::string got = ask(said);
      if (!got.starts_with("334 ")) return got;
      const auto challenge = sasl::decode_challenge(got.substr(4, got.find('\r') - 4));
      const auto response = (*client)->answer(challenge.value_or(""));
      said = response ? sasl::encode_response(*response) + "\r\n" : "*\r\n";
    }
  }

 private:
  std::string ask(const std::string& said) {
    (void)rig_.machine.run(stream_->write(said, 1s));
    rig_.machine.advance(30s);
    const auto got = rig_.machine.try_run(stream_->read(1s));
    return got && *got ? std::string{**got} : "nothing";
  }
  Rig& rig_;
  std::unique_ptr<net::Stream> stream_;
};

TEST_F(SubmissionTest, Scram) {
  for (const auto* name : {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}) {
    const bool binds = std::string_view{name}.ends_with("PLUS");
    EXPECT_THAT(ScramClient{rig_}.log_in(name, rig_.directory.password, binds), HasSubstr("235 "));
    EXPECT_THAT(ScramClient{rig_}.log_in(name, "wrong", binds), HasSubstr("535 5.7.8"));
  }
  // A client that could bind and was told that we cannot is being lied to (RFC 5802 §6).
  EXPECT_THAT(ScramClient{rig_}.log_in("SCRAM-SHA-256", rig_.directory.password, true),
              HasSubstr("535 5.7.8"));
  rig_.directory.disabled = true;
  EXPECT_THAT(ScramClient{rig_}.log_in("SCRAM-SHA-256-PLUS", rig_.directory.password, true),
              HasSubstr("535 5.7.8"));
}

TEST_F(SubmissionTest, AChangedPasswordEndsTheSession) {
  rig_.directory.good_for = 0;
  EXPECT_EQ(logged_in("C: MAIL FROM:<ann@example.org>\nS= 421 4.7.0 Your login is good no more, "
                      "please log in again\nT: closed\n"),
            "");
  rig_.directory.good_for = 1;
  EXPECT_EQ(logged_in("C: MAIL FROM:<ann@example.org>\nC: RCPT TO:<x@example.com>\n"
                      "S: 250 *\nS: 421 4.7.0 *\nT: closed\n"),
            "");
  // Once for each command, and once more at the end of the message.
  rig_.directory.good_for = 3;
  EXPECT_EQ(submit("ann@example.org", "C: From: ann@example.org\nC:\n",
                   "451 4.7.0 *\nC: NOOP\nS: 421 4.7.0 *\nT: closed"),
            "");
  EXPECT_THAT(rig_.delivery.messages, IsEmpty());
  rig_.directory.good_for = 4;
  EXPECT_EQ(submit("ann@example.org", "C: From: ann@example.org\nC:\n", "250 *"), "");
  rig_.directory.good_for = 0;
  EXPECT_EQ(in_tls("C: NOOP\nS: 250 *\n"), "") << "who has no login loses none";
}

TEST_F(SubmissionTest, WhoMayRelayIsNotBoundAndKeepsReceived) {
  rig_.directory.may_relay = true;
  EXPECT_EQ(submit("someone@example.com",
                   "C: Received: from far (192.0.2.7)\nC: Received: by near\n"
                   "C: From: someone@example.com\nC: Date: d\nC: Message-ID: <m>\nC:\nC: text\n",
                   "250 *"),
            "");
  EXPECT_EQ(submit("", "C: From: MAILER-DAEMON@example.com\nC:\n", "250 *"), "");
  ASSERT_THAT(rig_.delivery.messages, SizeIs(2));
  EXPECT_EQ(rig_.delivery.messages.front(),
            "Received: from far (192.0.2.7)\r\nReceived: by near\r\n"
            "From: someone@example.com\r\nDate: d\r\nMessage-ID: <m>\r\n\r\ntext\r\n");
  const auto& transaction = rig_.delivery.transactions.front();
  EXPECT_EQ(transaction.source.account, FakeDirectory::kAnn);
  EXPECT_THAT(transaction.received, HasSubstr("by mx.example.org"));
  EXPECT_THAT(transaction.received, Not(HasSubstr("laptop")));
  EXPECT_EQ(in_tls("C: MAIL FROM:<someone@example.com>\nS: 530 *\n"), "") << "not without a login";
}

TEST_F(SubmissionTest, CompletesTheHeader) {
  EXPECT_EQ(
      submit("sales@example.org",
             "C: Received: from laptop (10.0.0.1)\nC: From: Ann <ann@example.org>\n"
             "C: Bcc: secret@example.com\nC:  , more@example.com\nC: Subject: x\nC:\nC: text\n",
             "250 2.0.0 OK id=0000000000000001"),
      "");
  EXPECT_THAT(rig_.delivery.messages,
              ElementsAre("From: Ann <ann@example.org>\r\nSubject: x\r\n"
                          "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                          "Message-ID: <0000000000000001@mx.example.org>\r\n\r\ntext\r\n"));
  const auto& transaction = rig_.delivery.transactions.front();
  EXPECT_TRUE(transaction.source.submission);
  EXPECT_EQ(transaction.source.account, FakeDirectory::kAnn);
  EXPECT_THAT(transaction.received, Not(HasSubstr("192.0.2.1"))) << "not where the sender sits";
  EXPECT_THAT(transaction.received, Not(HasSubstr("laptop")));
  EXPECT_THAT(transaction.received, Not(HasSubstr("ann")));
  EXPECT_THAT(transaction.received, HasSubstr("with ESMTPSA\r\n"));
  EXPECT_EQ(transaction.peer, "laptop [192.0.2.1]");
}

TEST_F(SubmissionTest, BindsTheSender) {
  EXPECT_EQ(logged_in("C: MAIL FROM:<bob@example.org>\nS: 553 5.7.1 *\n"
                      "C: MAIL FROM:<ann@example.com>\nS: 553 5.7.1 *\n"),
            "");
  EXPECT_EQ(submit("ann@example.org", "C: From: bob@example.org\nC:\n", "550 5.7.1 *"), "");
  EXPECT_EQ(submit("", "C: From: ann@example.org\nC:\n", "550 5.7.1 *"), "");
  EXPECT_EQ(submit("", "C: From: ann@example.org\nC: Auto-Submitted: auto-replied\nC:\n", "250 *"),
            "");
  EXPECT_THAT(rig_.delivery.messages, SizeIs(1));
}

TEST_F(SubmissionTest, IsSignedAsItWillBeRead) {
  signing::FakeSigner signer;
  rig_.services.signer = &signer;
  EXPECT_EQ(submit("ann@example.org", "C: From: ann@example.org\nC:\nC: Hello.\n", "250 *"), "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  EXPECT_EQ(rig_.delivery.transactions.front().verdict, signer.fields);
  EXPECT_THAT(rig_.delivery.transactions.front().facts,
              ::testing::Contains(::testing::Pair("signed", "example.org s")));
  ASSERT_THAT(signer.messages, SizeIs(1));
  const auto stored =
      dkim::read_message(rig_.delivery.messages.front(), {.bodies = {dkim::kSignedBody}});
  EXPECT_THAT(stored.header, HasSubstr("Message-ID:")) << "it was completed first";
  EXPECT_EQ(signer.messages.front().header, stored.header);
  EXPECT_EQ(signer.messages.front().body(dkim::kSignedBody)->digest,
            stored.body(dkim::kSignedBody)->digest);
}

TEST_F(SubmissionTest, WhatCannotBeSignedDoesNotLeave) {
  signing::FakeSigner signer;
  signer.error = Errc::limit_reached;
  rig_.services.signer = &signer;
  EXPECT_EQ(submit("ann@example.org", "C: From: ann@example.org\nC:\n", "451 4.3.0 *signed*"), "");
  EXPECT_THAT(rig_.delivery.transactions, IsEmpty());
}

TEST_F(SubmissionTest, DsnParameters) {
  EXPECT_EQ(
      logged_in("C: MAIL FROM:<ann@example.org> RET=FULL ENVID=a+2Bb AUTH=<>\nS: 250 *\n"
                "C: RCPT TO:<x@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;y@example.com\n"
                "S: 250 *\nC: RCPT TO:<z@example.com> NOTIFY=NEVER\nS: 250 *\nC: DATA\nS: 354 *\n"
                "C: From: ann@example.org\nC:\nC: .\nS: 250 *\n"),
      "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  const auto& got = rig_.delivery.transactions.front();
  EXPECT_TRUE(got.envelope.return_full);
  EXPECT_EQ(got.envelope.envid, "a+b");
  ASSERT_THAT(got.recipients, SizeIs(2));
  EXPECT_EQ(got.recipients[0].notify.bits, queue::Notify::kSuccess | queue::Notify::kDelay);
  EXPECT_EQ(got.recipients[0].orcpt, "rfc822;y@example.com");
  EXPECT_EQ(got.recipients[1].notify.bits, queue::Notify::kNever);
}

TEST_F(SubmissionTest, AHeaderBeyondTheLimitIsRefused) {
  std::string data = "C: From: ann@example.org\n";
  for (int i = 0; i < 20; ++i) data += "C: X: " + std::string(60'000, 'x') + "\n";
  EXPECT_EQ(submit("ann@example.org", data + "C:\n", "552 5.3.4 *"), "");
  EXPECT_THAT(rig_.delivery.messages, IsEmpty());
}

TEST_F(SubmissionTest, HeaderByteByByte) {
  net::MemoryOptions bytewise;
  bytewise.max_chunk = 1;
  EXPECT_EQ(
      rig_.play(kTls + std::string{"C: AUTH PLAIN "} + rig_.ann_plain() +
                    "\nS: 235 *\nC: MAIL FROM:<ann@example.org>\nS: 250 *\n"
                    "C: RCPT TO:<x@example.com>\nS: 250 *\nC~ BDAT 52\\r\\nFrom: ann@example.org"
                    "\\r\\nDate: x\\r\\nMessage-ID: <1@a>\\r\\n\\r\nS: 250 *\n"
                    "C~ BDAT 2 LAST\\r\\n\\nx\nS: 250 *\n",
                bytewise),
      "");
  EXPECT_THAT(rig_.delivery.messages,
              ElementsAre("From: ann@example.org\r\nDate: x\r\nMessage-ID: <1@a>\r\n\r\nx"));
}

}  // namespace
}  // namespace postern::smtpd
