// What becomes of mail on port 25 once it is known where it comes from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dkim/sign.hpp"
#include "signing/fake_signer.hpp"
#include "smtpd/fakes.hpp"

namespace postern::smtpd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class AuthenticationTest : public testing::Test {
 protected:
  AuthenticationTest() {
    auto settings = std::make_shared<mailauth::Settings>();
    settings->hostname = "mx.example.org";
    rig_.settings->authentication = settings;
    rig_.settings->hostname = "mx.example.org";
    txt("example.net", "v=spf1 -all");
    txt("_dmarc.example.net", "v=DMARC1; p=reject");
    rig_.resolver.add_mx("example.net", 10, "mx.example.net");
    rig_.resolver.add_mx("lists.example", 10, "mx.lists.example");
  }
  void txt(std::string_view name, std::string text) {
    rig_.resolver.add(name, dns::Type::txt, dns::Txt{std::move(text)});
  }
  std::string send(std::string_view from, std::string_view header, std::string_view reply) {
    std::string script = "S: 220 *\nC: EHLO mail.example.net\nS: ...\nS: 250 *\nC: MAIL FROM:<";
    script += std::string{from} + ">\nS: 250 *\nC: RCPT TO:<ann@example.org>\nS: 250 *\n";
    script += "C: DATA\nS: 354 *\n" + std::string{header} + "C:\nC: Good day.\nC: .\nS: ";
    return rig_.play(script + std::string{reply} + "\n", {});
  }

  Rig rig_;
};

TEST_F(AuthenticationTest, ASpoofIsRefusedAtTheDot) {
  EXPECT_EQ(send("ann@example.net", "C: From: ann@example.net\n", "550 5.7.26 *example.net*"), "");
  EXPECT_THAT(rig_.delivery.transactions, IsEmpty());
}

TEST_F(AuthenticationTest, ListMailThatFailsGoesToJunkWithItsReason) {
  EXPECT_EQ(
      send("b@lists.example", "C: List-Id: <a.lists.example>\nC: From: ann@example.net\n", "250 *"),
      "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  const auto& got = rig_.delivery.transactions.front();
  EXPECT_TRUE(got.junk);
  EXPECT_THAT(got.verdict, AllOf(StartsWith("Authentication-Results: mx.example.org;"),
                                 HasSubstr("dmarc=fail"), HasSubstr("Postern-Reason: junk; ")));
}

TEST_F(AuthenticationTest, WhatCannotBeKnownNowIsToComeAgain) {
  rig_.resolver.fail("_dmarc.example.net", dns::Type::txt, dns::Outcome::timeout);
  EXPECT_EQ(send("ann@example.net", "C: From: ann@example.net\n", "451 4.7.0 *"), "");
  EXPECT_THAT(rig_.delivery.transactions, IsEmpty());
}

TEST_F(AuthenticationTest, ForgedVerdictsAreNotShown) {
  EXPECT_EQ(send("b@lists.example",
                 "C: Authentication-Results: mx.example.org; dmarc=pass\n"
                 "C: From: b@lists.example\n",
                 "250 *"),
            "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  EXPECT_THAT(
      rig_.delivery.transactions.front().elided,
      ElementsAre(AllOf(Field(&store::Elided::begin, 0U), Field(&store::Elided::end, 52U))));
}

TEST_F(AuthenticationTest, WhoProvedTheSenderMayBeToldOfFailures) {
  txt("example.com", "v=spf1 +all");
  rig_.resolver.add_mx("example.com", 10, "mx.example.com");
  EXPECT_EQ(send("c@example.com", "C: From: c@example.com\n", "250 *"), "");
  ASSERT_THAT(rig_.delivery.transactions, SizeIs(1));
  EXPECT_TRUE(rig_.delivery.transactions.front().source.sender_proven);
  EXPECT_FALSE(rig_.delivery.transactions.front().junk);
}

TEST_F(AuthenticationTest, WhatGoesOnCanBeSealedAsItCame) {
  signing::FakeSigner signer;
  rig_.services.signer = &signer;
  auto settings = std::make_shared<mailauth::Settings>(*rig_.settings->authentication);
  settings->seal = true;
  rig_.settings->authentication = settings;
  rig_.delivery.passes_on = true;
  const auto sealed = [&] { return rig_.delivery.transactions.back().sealed; };
  EXPECT_EQ(send("b@lists.example", "C: From: b@lists.example\n", "250 *"), "");
  EXPECT_THAT(sealed(), StartsWith("ARC-Seal: example.org; mx.example.org;"));
  ASSERT_THAT(signer.messages, SizeIs(1));
  EXPECT_NE(signer.messages.front().body(dkim::kSignedBody), nullptr);
  // A seal that cannot be made keeps nobody's mail.
  signer.error = Errc::limit_reached;
  EXPECT_EQ(send("b@lists.example", "C: From: b@lists.example\n", "250 *"), "");
  EXPECT_EQ(sealed(), "");
  settings->seal = false;
  EXPECT_EQ(send("b@lists.example", "C: From: b@lists.example\n", "250 *"), "");
  EXPECT_THAT(signer.messages, SizeIs(2));
}

TEST_F(AuthenticationTest, AHeaderTooLargeToJudgeIsSaidToBeSo) {
  std::string header = "C: From: b@lists.example\n";
  for (int i = 0; i < 1100; ++i) header += "C: X-Pad: " + std::string(990, 'x') + "\n";
  EXPECT_EQ(send("b@lists.example", header, "552 5.3.4 *"), "");
}

TEST_F(AuthenticationTest, ManyAuthorsOfSeveralDomainsAreRefused) {
  EXPECT_EQ(send("b@lists.example", "C: From: a@example.com, b@example.net\n", "554 5.6.0 *"), "");
}

}  // namespace
}  // namespace postern::smtpd
