#include "smtpd/reply_for.hpp"

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

TEST(ReplyFor, EveryFailureIsAFailure) {
  for (int i = 0; i < kErrcCount; ++i) {
    const auto reply = reply_for(static_cast<Errc>(i));
    EXPECT_TRUE(reply.temporary() || reply.permanent()) << to_string(static_cast<Errc>(i));
    ASSERT_TRUE(reply.status);
    EXPECT_EQ(reply.status->severity, reply.code / 100);
    EXPECT_FALSE(reply.text.empty());
  }
}

TEST(ReplyFor, OurOwnTroubleIsTemporary) {
  for (const Errc code : {Errc::unavailable, Errc::outcome_unknown, Errc::corrupt, Errc::io_failed,
                          Errc::store_full, Errc::limit_reached, Errc::over_quota})
    EXPECT_TRUE(reply_for(code).temporary()) << to_string(code);
}

TEST(ReplyFor, RecipientsOwnWords) {
  using Kind = delivery::RecipientVerdict::Kind;
  EXPECT_EQ(smtp::to_line(reply_for({Kind::disabled, "Gone\r\n250 OK"})).find('\n'),
            std::string::npos);
  EXPECT_EQ(reply_for({Kind::disabled, "Gone"}).text, "Gone");
  EXPECT_EQ(reply_for({Kind::unknown, ""}).code, 550);
}

}  // namespace
}  // namespace postern::smtpd
