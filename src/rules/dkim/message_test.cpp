#include "dkim/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.hpp"

namespace postern::dkim {
namespace {

using testing::ElementsAre;

std::string signature(const std::string& domain, const std::string& more = "") {
  return "DKIM-Signature: v=1; a=rsa-sha256; d=" + domain + "; s=s; h=from; bh=AAAA; b=AAAA" +
         more + "\r\n";
}

std::vector<std::string> domains(const Message& message) {
  std::vector<std::string> out;
  out.reserve(message.signatures.size());
  for (const auto& at : message.signatures)
    out.push_back(at.signature.domain + (at.aligned ? "+" : "") + (at.evaluated ? "" : "-"));
  return out;
}

TEST(DkimMessage, KeepsTheHeaderAndIndexesIt) {
  const auto m = read_message("From: a@a.example\r\nTO: b\r\n\tc\r\nto: d\r\n\r\nbody");
  EXPECT_EQ(m.header, "From: a@a.example\r\nTO: b\r\n\tc\r\nto: d\r\n");
  ASSERT_EQ(m.fields.size(), 3U);
  EXPECT_THAT(m.named("to"), ElementsAre(2, 1));
  EXPECT_THAT(m.named("from"), ElementsAre(0));
  EXPECT_TRUE(m.named("x").empty());
  EXPECT_EQ(m.value(m.fields.at(1)), " b\r\n\tc");
  EXPECT_EQ(m.raw(m.fields.at(1)), "TO: b\r\n\tc\r\n");
  EXPECT_THAT(m.from_domains, ElementsAre("a.example"));
  EXPECT_TRUE(m.bodies.empty());  // nobody wants it hashed
}

TEST(DkimMessage, EndsTheHeaderAnywhere) {
  for (const std::string_view text : {"", "\r\n", "A: b", "A: b\r\n", "A: b\r\n\r\n", "\r\nA: b"}) {
    MessageReader all{{.bodies = {{.canon = Canon::simple}}}};
    all.feed(text);
    const auto whole = all.finish();
    MessageReader pieces{{.bodies = {{.canon = Canon::simple}}}};
    for (std::size_t i = 0; i < text.size(); ++i) pieces.feed(text.substr(i, 1));
    const auto same = pieces.finish();
    EXPECT_EQ(whole.header, same.header);
    EXPECT_EQ(whole.bodies.at(0).digest, same.bodies.at(0).digest);
    EXPECT_EQ(whole.header.empty(), !text.starts_with('A')) << text;
  }
}

TEST(DkimMessage, HashesTheBodyOncePerWish) {
  const auto m = read_message(signature("a.example", "; c=relaxed/relaxed") +
                                  signature("b.example", "; c=simple/relaxed") +
                                  signature("c.example", "; l=3") + signature("d.example") +
                                  signature("e.example", "; l=100") + "\r\na  b\r\n\r\n",
                              {.bodies = {{.canon = Canon::relaxed}}});
  ASSERT_EQ(m.bodies.size(), 4U);
  const auto* relaxed = m.body({.canon = Canon::relaxed});
  ASSERT_NE(relaxed, nullptr);
  EXPECT_EQ(relaxed->digest, crypto::sha256("a b\r\n"));
  EXPECT_EQ(relaxed->octets, 5U);
  EXPECT_EQ(m.body({})->digest, crypto::sha256("a  b\r\n"));
  EXPECT_EQ(m.body({.length = 3})->digest, crypto::sha256("a  "));
  EXPECT_EQ(m.body({.length = 3})->octets, 6U);
  EXPECT_EQ(m.body({.length = 100})->digest, crypto::sha256("a  b\r\n"));
  EXPECT_EQ(m.body({.length = 4}), nullptr);
}

TEST(DkimMessage, HashesWhatTheNewestArcSetWants) {
  const std::string text =
      "ARC-Message-Signature: i=1; c=simple/simple\r\n"
      "ARC-Message-Signature: i=2; c=relaxed/relaxed\r\n\r\na\r\n";
  const auto m = read_message(text);
  ASSERT_EQ(m.bodies.size(), 1U);
  EXPECT_EQ(m.bodies.at(0).wanted, BodyWanted{.canon = Canon::relaxed});
  EXPECT_TRUE(read_message(text, {.arc = false}).bodies.empty());
}

TEST(DkimMessage, PutsAlignedSignaturesFirstAndMalformedOnesLast) {
  const auto m =
      read_message("DKIM-Signature: v=1\r\n" + signature("x.example") + signature("a.example") +
                   signature("mail.a.example") + "From: Me <me@A.example>\r\n\r\n");
  EXPECT_THAT(domains(m), ElementsAre("a.example+", "mail.a.example+", "x.example", ""));
}

TEST(DkimMessage, AsksTheCallerWhatIsAligned) {
  MessageReader::Settings settings;
  settings.aligned = [](std::string_view signing, std::string_view from) {
    return signing == "x.example" && from == "a.example";
  };
  const auto m = read_message(
      signature("a.example") + signature("x.example") + "From: me@a.example\r\n\r\n", settings);
  EXPECT_THAT(domains(m), ElementsAre("x.example+", "a.example"));
}

TEST(DkimMessage, EvaluatesEightOfAThousand) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += signature("x" + std::to_string(i) + ".example");
  text.insert(text.find("DKIM-Signature: v=1; a=rsa-sha256; d=x900."), "DKIM-Signature: bad\r\n");
  text.insert(text.find("DKIM-Signature: v=1; a=rsa-sha256; d=x900."), signature("a.example"));
  const auto m = read_message(text + "From: me@a.example\r\n\r\nbody");
  EXPECT_EQ(m.signatures.size(), kMaxListed);
  EXPECT_EQ(m.unlisted, 1002 - kMaxListed);
  const auto names = domains(m);
  EXPECT_EQ(names.at(0), "a.example+");
  EXPECT_EQ(names.at(1), "x0.example");
  EXPECT_EQ(names.at(7), "x6.example");
  EXPECT_EQ(names.at(8), "x7.example-");
  EXPECT_EQ(m.bodies.size(), 1U);
}

TEST(DkimMessage, BoundsTheHeader) {
  std::string large = signature("a.example");
  while (large.size() <= kMaxHeader) large += "A: " + std::string(900, 'a') + "\r\n";
  std::string many = signature("a.example");
  for (std::size_t i = 0; i < kMaxFields; ++i) many += "A:\r\n";
  for (const auto& header : {large, many, "A: " + std::string(10 * kMaxHeader, 'a')}) {
    const auto m = read_message(header + "\r\nbody", {.bodies = {{.canon = Canon::relaxed}}});
    EXPECT_TRUE(m.header_too_large);
    EXPECT_TRUE(m.header.empty() && m.fields.empty() && m.signatures.empty() && m.bodies.empty());
  }
}

TEST(DkimMessage, ComparesDomainsByLabels) {
  EXPECT_TRUE(is_same_or_below("a.example", "a.example"));
  EXPECT_TRUE(is_same_or_below("b.a.example", "a.example"));
  EXPECT_TRUE(is_same_or_below("a.example", "b.a.example"));
  EXPECT_FALSE(is_same_or_below("ba.example", "a.example"));
  EXPECT_FALSE(is_same_or_below("a.example", "ba.example"));
  EXPECT_FALSE(is_same_or_below("", "a.example"));
}

}  // namespace
}  // namespace postern::dkim
