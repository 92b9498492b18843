#include "dkim/signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

const std::string kGood =
    "v=1; a=rsa-sha256; d=a.example; s=s1; h=from:to; bh=AAAA; b=Zm9v YmFy YmF6 cXV4";

Signature read(const std::string& text) {
  return parse_signature(text, SignatureKind::dkim);
}

/// What is wrong when `tag` stands instead of what kGood says.
std::string flaw_with(const std::string& name, const std::string& value) {
  std::string text = kGood + ";";
  const auto at = text.find(name + "=");
  if (at != std::string::npos) text.erase(at, text.find(';', at) - at + 1);
  const auto signature = read(text + name + "=" + value);
  return signature.flaw ? signature.flaw->reason : "";
}

TEST(DkimSignature, ReadsEveryTag) {
  const auto s = read(
      "v=1; a=Ed25519-SHA256; c=relaxed/simple; d=B\xc3\xbc\x63her.Example; s=s1.x; "
      "q=x:dns/txt;\r\n"
      " i=me=40@sub.b\xc3\xbc\x63her.example; t=1; x=2; l=77; z=From:a|To:b; h=From : To::\r\n"
      " Subject; bh=AA AA; y=?; b=Zm9vYmFyYmF6cXV4");
  ASSERT_FALSE(s.flaw) << s.flaw->reason;
  EXPECT_EQ(s.algorithm, Algorithm::ed25519_sha256);
  EXPECT_EQ(s.algorithm_word, "Ed25519-SHA256");
  EXPECT_EQ(s.header, Canon::relaxed);
  EXPECT_EQ(s.body, (BodyWanted{.canon = Canon::simple, .length = 77}));
  EXPECT_EQ(s.domain, "xn--bcher-kva.example");
  EXPECT_EQ(s.selector, "s1.x");
  EXPECT_EQ(s.key.to_string(), "s1.x._domainkey.xn--bcher-kva.example");
  EXPECT_EQ(s.identity, "me@@sub.xn--bcher-kva.example");
  EXPECT_EQ(s.signed_at, 1U);
  EXPECT_EQ(s.expires, 2U);
  EXPECT_THAT(s.fields, testing::ElementsAre("from", "to", "subject"));
  EXPECT_EQ(s.body_hash.size(), 3U);
  EXPECT_EQ(s.signature, "foobarbazqux");
  EXPECT_EQ(s.start, "Zm9vYmFyYmF6");
}

TEST(DkimSignature, HasDefaults) {
  const auto s = read(kGood);
  ASSERT_FALSE(s.flaw) << s.flaw->reason;
  EXPECT_EQ(s.header, Canon::simple);
  EXPECT_EQ(s.body, BodyWanted{});
  EXPECT_EQ(s.identity, "@a.example");
  EXPECT_FALSE(s.signed_at || s.expires);
  EXPECT_EQ(kGood.substr(s.b_begin, s.b_end - s.b_begin), "Zm9v YmFy YmF6 cXV4");
}

TEST(DkimSignature, NamesWhatIsWrong) {
  EXPECT_EQ(flaw_with("y", "1"), "");
  EXPECT_EQ(flaw_with("v", "2"), "v= is not 1");
  EXPECT_EQ(flaw_with("v", "01"), "v= is not 1");
  EXPECT_EQ(flaw_with("a", "rsa-md5"), "a= is not a known algorithm");
  EXPECT_EQ(flaw_with("b", ""), "b= is not base64");
  EXPECT_EQ(flaw_with("b", "A"), "b= is not base64");
  EXPECT_EQ(flaw_with("bh", "?"), "bh= is not base64");
  EXPECT_EQ(flaw_with("c", ""), "c= is not a known canonicalization");
  EXPECT_EQ(flaw_with("c", "relaxed/"), "c= is not a known canonicalization");
  EXPECT_EQ(flaw_with("c", "nofws"), "c= is not a known canonicalization");
  EXPECT_EQ(flaw_with("d", "example"), "d= is no domain");
  EXPECT_EQ(flaw_with("d", "a..example"), "d= is no domain");
  EXPECT_EQ(flaw_with("d", "a.example."), "d= is no domain");
  EXPECT_EQ(flaw_with("d", "a\\.b.example"), "d= is no domain");
  EXPECT_EQ(flaw_with("d", "[192.0.2.1]"), "d= is no domain");
  EXPECT_EQ(flaw_with("s", ""), "s= is no selector");
  EXPECT_EQ(flaw_with("s", "a b"), "s= is no selector");
  EXPECT_EQ(flaw_with("s", std::string(64, 's')), "s= is no selector");
  EXPECT_EQ(flaw_with("h", ""), "h= is empty");
  EXPECT_EQ(flaw_with("h", ": :"), "h= is empty");
  EXPECT_EQ(flaw_with("i", "me"), "i= is no identity");
  EXPECT_EQ(flaw_with("i", "me@example"), "i= is not within d=");
  EXPECT_EQ(flaw_with("i", "me@ba.example"), "i= is not within d=");
  EXPECT_EQ(flaw_with("l", "-1"), "l= is no number");
  EXPECT_EQ(flaw_with("l", std::string(77, '1')), "l= is no number");
  EXPECT_EQ(flaw_with("l", std::string(76, '1')), "");
  EXPECT_EQ(flaw_with("q", "http"), "q= has no known query method");
  EXPECT_EQ(flaw_with("t", "x"), "t= is no time");
  EXPECT_EQ(flaw_with("x", ""), "x= is no time");
  EXPECT_EQ(flaw_with("t", "2; x=2"), "x= is not after t=");
  EXPECT_EQ(flaw_with("x", "1; x=2"), "malformed: the same tag twice");
}

TEST(DkimSignature, MissesWhatIsRequired) {
  for (const std::string name : {"v", "a", "d", "s", "h", "bh", "b"}) {
    std::string text = kGood + ";";
    const auto at = text.find(name + "=");
    text.erase(at, text.find(';', at) - at + 1);
    const auto s = read(text);
    ASSERT_TRUE(s.flaw) << name;
    EXPECT_EQ(s.flaw->reason, name + "= is missing");
    EXPECT_EQ(s.flaw->verdict, Verdict::permerror);
  }
}

TEST(DkimSignature, DistrustsSha1ButSaysWhose) {
  const auto s = read("v=1; a=rsa-sha1; d=a.example; s=s1; h=from; bh=AAAA; b=AAAA");
  ASSERT_TRUE(s.flaw);
  EXPECT_EQ(s.flaw->verdict, Verdict::permerror);
  EXPECT_EQ(s.domain, "a.example");
  // What is malformed besides counts first.
  EXPECT_EQ(read("v=2; a=rsa-sha1; d=a.example; s=s; h=from; bh=AAAA; b=AAAA")
                .flaw.value_or(Flaw{.verdict = Verdict::none})
                .verdict,
            Verdict::permerror);
}

TEST(DkimSignature, KnowsTimes) {
  auto s = read(kGood + "; t=1000; x=2000");
  const auto reason = [&s](std::int64_t now) {
    const auto flaw = check_times(s, now, 100);
    return flaw ? flaw->reason : "";
  };
  EXPECT_EQ(reason(899), "the signature is from the future");
  EXPECT_EQ(reason(900), "");
  EXPECT_EQ(reason(2100), "");
  EXPECT_EQ(reason(2101), "the signature has expired");
  s = read(kGood + "; t=1; x=9999999999999");
  EXPECT_EQ(reason(999'999'999'999), "");
  s = read(kGood + "; t=9999999999999");
  EXPECT_EQ(reason(999'999'999'999), "the signature is from the future");
}

TEST(DkimSignature, IsReadForArcWithoutVersionAndIdentity) {
  const auto s = parse_signature(
      "i=1; a=rsa-sha256; d=a.example; s=s1; h=from; bh=AAAA; b=AAAA; v=7", SignatureKind::arc);
  EXPECT_FALSE(s.flaw);
  EXPECT_EQ(s.identity, "@a.example");
  EXPECT_EQ(s.header, Canon::relaxed);
}

}  // namespace
}  // namespace postern::dkim
