#include "smtpc/outcome.hpp"

#include <gtest/gtest.h>

namespace postern::smtpc {
namespace {

using Kind = queue::RecipientOutcome::Kind;

TEST(Outcome, RepliesBecomeOutcomes) {
  const auto kind = [](int code) { return from_reply({.code = code, .text = "t"}, "mx").kind; };
  EXPECT_EQ(kind(250), Kind::sent);
  EXPECT_EQ(kind(451), Kind::deferred);
  EXPECT_EQ(kind(550), Kind::failed);
  EXPECT_EQ(kind(354), Kind::deferred);
  EXPECT_EQ(from_reply({.code = 550}, "mx").status, "5.0.0");
  EXPECT_EQ(from_reply({.code = 451, .status = smtp::EnhancedStatus{4, 7, 1}}, "mx").status,
            "4.7.1");
}

TEST(Outcome, OurOwnFindingsNeverLookLikeTheRemotes) {
  const auto gone = from_error({Errc::peer_closed}, "sending DATA");
  EXPECT_EQ(gone.kind, Kind::deferred);
  EXPECT_EQ(gone.code, 0);
  EXPECT_TRUE(gone.host.empty());
  EXPECT_EQ(gone.text, "connection lost while sending DATA");
  EXPECT_EQ(ours(554, "5.6.3", "x").kind, Kind::failed);
}

TEST(Outcome, PtrRefusalsAreKnown) {
  EXPECT_TRUE(blames_ptr(from_reply({.code = 550, .text = "No PTR record for you"}, "mx")));
  EXPECT_TRUE(blames_ptr(
      from_reply({.code = 550, .status = smtp::EnhancedStatus{5, 7, 25}, .text = "x"}, "mx")));
  EXPECT_FALSE(blames_ptr(from_reply({.code = 550, .text = "no such user"}, "mx")));
}

}  // namespace
}  // namespace postern::smtpc
