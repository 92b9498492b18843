#include "arc/chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::arc {
namespace {

std::string aar(int i) {
  return "ARC-Authentication-Results: i=" + std::to_string(i) + "; a.example; none\r\n";
}
std::string ams(int i) {
  return "ARC-Message-Signature: i=" + std::to_string(i) +
         "; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n";
}
std::string as(int i, const std::string& cv) {
  return "ARC-Seal: i=" + std::to_string(i) + "; a=rsa-sha256; cv=" + cv +
         "; d=a.example; s=s; b=AAAA\r\n";
}
std::string set(int i) {
  return as(i, i == 1 ? "none" : "pass") + ams(i) + aar(i);
}

Chain read(const std::string& header) {
  return read_chain(dkim::read_message(header + "\r\n"));
}

std::string fault(const std::string& header) {
  return read(header).fault.value_or("");
}

TEST(ArcChain, ReadsSetsInAnyOrder) {
  const auto chain =
      read(aar(2) + as(1, "none") + set(3) + ams(1) + as(2, "pass") + aar(1) + ams(2));
  ASSERT_FALSE(chain.fault) << chain.fault.value_or("");
  ASSERT_EQ(chain.sets.size(), 3U);
  EXPECT_EQ(chain.highest, 3);
  EXPECT_FALSE(chain.ended);
  EXPECT_EQ(chain.sets.at(0).results.field, 7U);
  EXPECT_EQ(chain.sets.at(1).message.field, 8U);
  EXPECT_EQ(chain.sets.at(1).seal.field, 6U);
  EXPECT_EQ(chain.sets.at(2).seal.status, Status::pass);
  EXPECT_EQ(chain.sets.at(2).results.payload, "a.example; none");
  EXPECT_TRUE(read("From: x\r\n").empty());
}

TEST(ArcChain, HoldsTheRulesOfStructure) {
  EXPECT_EQ(fault(set(1)), "");
  EXPECT_NE(fault(set(2)), "");
  EXPECT_NE(fault(set(1) + set(3)), "");
  EXPECT_NE(fault(set(1) + set(1)), "");
  EXPECT_NE(fault(set(1) + ams(1)), "");
  EXPECT_NE(fault(ams(1) + aar(1)), "");
  EXPECT_NE(fault(as(1, "none") + aar(1)), "");
  EXPECT_NE(fault(as(1, "none") + ams(1)), "");
  EXPECT_NE(fault(as(1, "pass") + ams(1) + aar(1)), "");
  EXPECT_NE(fault(set(1) + as(2, "none") + ams(2) + aar(2)), "");
  EXPECT_NE(fault(as(1, "maybe") + ams(1) + aar(1)), "");
  EXPECT_NE(fault(set(1) + "ARC-Seal: x\r\n"), "");
  EXPECT_NE(fault(set(1) + aar(0)), "");
  EXPECT_NE(fault(set(1) + aar(51)), "");
}

TEST(ArcChain, SeesThatAChainHasEnded) {
  const auto chain = read(set(1) + as(2, "fail") + ams(2) + aar(2));
  EXPECT_TRUE(chain.ended);
  EXPECT_TRUE(chain.fault);
  EXPECT_TRUE(chain.sets.empty());
  EXPECT_FALSE(read(as(1, "fail") + ams(1) + aar(1) + set(2)).ended);
}

TEST(ArcChain, HoldsFiftySetsAndNoMore) {
  std::string header;
  for (int i = 1; i <= 50; ++i) header += set(i);
  EXPECT_EQ(read(header).sets.size(), 50U);
  EXPECT_EQ(fault(header + set(51)), "more than 50 sets");
  std::string bomb;
  for (int i = 0; i < 3000; ++i) bomb += as(1, "none");
  EXPECT_EQ(fault(bomb), "more than 50 sets");
}

TEST(ArcChain, ReadsInstancesOfResults) {
  const auto read_one = [](std::string_view value) {
    const auto found = parse_results(value);
    return found ? std::to_string(found->instance) + "|" + std::string{found->payload} : "";
  };
  EXPECT_EQ(read_one(" i=1; a.example; spf=pass "), "1|a.example; spf=pass");
  EXPECT_EQ(read_one("\r\n\t(x) I (y) = 50 (z) ;a"), "50|a");
  for (const std::string_view value :
       {"", "i", "i=", "i=1", "i=0;a", "i=51;a", "i=001;a", "i=1 a;b", "a.example; i=1", "x i=1;"})
    EXPECT_EQ(read_one(value), "") << value;
}

TEST(ArcChain, FindsFlawsOfSeals) {
  const auto flaw = [](const std::string& tags) {
    const auto chain = read("ARC-Seal: i=1; cv=none; " + tags + "\r\n" + ams(1) + aar(1));
    const auto& found = chain.sets.at(0).seal.signature.flaw;
    return found ? found->reason : "";
  };
  const std::string rest = "d=a.example; s=s; b=AAAA";
  EXPECT_EQ(flaw("a=rsa-sha256; " + rest), "");
  EXPECT_EQ(flaw("a=ed25519-sha256; t=1; y=2; " + rest), "");
  EXPECT_EQ(flaw(rest), "a= is missing");
  EXPECT_EQ(flaw("a=rsa-sha1; " + rest), "rsa-sha1 is not accepted");
  EXPECT_EQ(flaw("a=rsa-sha256; h=from; " + rest), "h= may not be there");
  EXPECT_EQ(flaw("a=rsa-sha256; t=; " + rest), "t= is no time");
  EXPECT_EQ(flaw("a=rsa-sha256; d=a.example; s=s; b=?"), "b= is not base64");
  EXPECT_EQ(flaw("a=rsa-sha256; d=a; s=s; b=AAAA"), "d= or s= is no name");
}

}  // namespace
}  // namespace postern::arc
