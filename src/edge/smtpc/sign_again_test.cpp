#include "smtpc/sign_again.hpp"

#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "signing/fake_signer.hpp"
#include "smtpc/content.hpp"

namespace postern::smtpc {
namespace {

const std::string kOld = "DKIM-Signature: old; b=1\r\n\tand more\r\ndkim-signature: old; b=2\r\n";
const std::string kRest =
    "Received: by us\r\nDKIM-Signature: the sender's\r\nFrom: ann@example.org\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xbc\r\n";

class SignAgainTest : public ::testing::Test {
 protected:
  Task<Result<std::string>> send(const queue::Job& job) {
    auto edits = co_await plan_rewrite(job, {.eight_bit = true});
    if (!edits) co_return std::unexpected(edits.error());
    auto again = co_await sign_again(job, *std::move(edits), signer_);
    if (!again) co_return std::unexpected(again.error());
    Content content{job, *std::move(again)};
    co_return co_await content.rest();
  }
  Result<std::string> sent(const std::string& mail) {
    queue::Job job;
    job.size = mail.size();
    job.read = [mail](std::uint64_t offset, std::uint64_t length) {
      const auto read = [](std::string piece) -> Task<Result<std::string>> { co_return piece; };
      return read(mail.substr(offset, length));
    };
    return machine_.run(send(job));
  }

  ManualCore machine_;
  signing::FakeSigner fake_;
  signing::Signer* signer_ = &fake_;
};

TEST_F(SignAgainTest, OurOldSignaturesMakeRoomForOneOfWhatIsSent) {
  const auto out = sent(kOld + kRest).value();
  EXPECT_TRUE(
      out.starts_with(fake_.fields + "Received: by us\r\nDKIM-Signature: the sender's\r\n"));
  EXPECT_TRUE(out.ends_with("\r\n\r\n=C3=BC\r\n"));
  ASSERT_EQ(fake_.messages.size(), 1U);
  const auto as_sent =
      dkim::read_message(out.substr(fake_.fields.size()), {.bodies = {dkim::kSignedBody}});
  EXPECT_EQ(fake_.messages.front().header, as_sent.header);
  EXPECT_EQ(fake_.messages.front().body(dkim::kSignedBody)->digest,
            as_sent.body(dkim::kSignedBody)->digest);
}

TEST_F(SignAgainTest, WhatWasNotSignedMayBeNow) {
  EXPECT_TRUE(sent(kRest).value().starts_with(fake_.fields + "Received:"));
}

TEST_F(SignAgainTest, WithoutASignerBrokenSignaturesOnlyGo) {
  signer_ = nullptr;
  EXPECT_TRUE(sent(kOld + kRest).value().starts_with("Received:"));
  EXPECT_TRUE(sent(kRest).value().starts_with("Received:"));
}

TEST_F(SignAgainTest, WhatCannotBeSignedIsNotSent) {
  fake_.error = Errc::limit_reached;
  EXPECT_EQ(sent(kOld + kRest).error().code, Errc::limit_reached);
}

TEST_F(SignAgainTest, AHeaderThatEndsInASignatureIsLeftAlone) {
  EXPECT_FALSE(sent("DKIM-Signature: never ends\r\n and so on\xc3\xbc"));
}

}  // namespace
}  // namespace postern::smtpc
