#include "dkim/key_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

TEST(KeyRecord, HasDefaults) {
  const auto key = parse_key_record("p=AAAA");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kind, "rsa");
  EXPECT_EQ(key->octets, (std::string{"\0\0\0", 3}));
  EXPECT_TRUE(key->sha256 && key->email);
  EXPECT_FALSE(key->testing || key->strict || key->revoked());
}

TEST(KeyRecord, ReadsEveryTag) {
  const auto key = parse_key_record(
      "v=DKIM1; k=ED25519; h=sha1 : sha256; s=email:tlsrpt; t=y : s; n=a=20note; g=*; p=AA AA;");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kind, "ed25519");
  EXPECT_TRUE(key->sha256 && key->email && key->tls_reports && key->testing && key->strict);
  EXPECT_EQ(key->notes, "a note");
  const auto other = parse_key_record("h=sha1;s=tlsrpt;t=x;p=AAAA;n==");
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->sha256 || other->email || other->testing || other->strict);
  EXPECT_TRUE(other->tls_reports);
  EXPECT_EQ(other->notes, "=");
}

TEST(KeyRecord, ForgivesMissingPaddingAndTellsRevocation) {
  EXPECT_EQ(parse_key_record("p=AA")->octets.size(), 1U);
  EXPECT_EQ(parse_key_record("p=AA==")->octets.size(), 1U);
  EXPECT_TRUE(parse_key_record("v=DKIM1; p=")->revoked());
}

TEST(KeyRecord, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "v=DKIM1", "v=DKIM2; p=AAAA", "p=AAAA; v=DKIM1", "v=dkim1; p=AAAA", "p=?", "p=A",
        "v=spf1 -all", "hello", "k=rsa; t; p=AAAA", "p=AAAA; p=AAAA"})
    EXPECT_FALSE(parse_key_record(text)) << text;
  EXPECT_FALSE(parse_key_record("p=" + std::string(kMaxKeyRecord, 'A')));
}

TEST(KeyRecord, MustFitTheSignature) {
  const auto reason = [](std::string_view text, const Signature& signature) {
    const auto flaw = check_key(parse_key_record(text).value(), signature);
    return flaw ? flaw->reason : "";
  };
  Signature rsa;
  rsa.domain = "a.example";
  rsa.identity = "me@b.a.example";
  EXPECT_EQ(reason("p=AAAA", rsa), "");
  EXPECT_EQ(reason("p=", rsa), "the key is revoked");
  EXPECT_EQ(reason("p=AAAA; s=x", rsa), "the key is not for e-mail");
  EXPECT_EQ(reason("p=AAAA; h=sha1", rsa), "the key is not for sha256");
  EXPECT_EQ(reason("p=AAAA; k=ed25519", rsa), "the key is of another kind");
  EXPECT_EQ(reason("p=AAAA; t=s", rsa), "i= must be of the domain d= itself");
  Signature ed25519 = rsa;
  ed25519.algorithm = Algorithm::ed25519_sha256;
  ed25519.identity = "@a.example";
  EXPECT_EQ(reason("p=AAAA", ed25519), "the key is of another kind");
  EXPECT_EQ(reason("p=AAAA; k=ed25519; t=s", ed25519), "");
}

TEST(KeyRecord, IsWrittenAsItIsRead) {
  for (const auto kind : {crypto::KeyKind::rsa, crypto::KeyKind::ed25519}) {
    const auto key = crypto::PrivateKey::generate(kind).value();
    const auto record = parse_key_record(to_key_record(key));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->octets, key.public_octets());
    const auto open = public_key(*record);
    ASSERT_TRUE(open);
    EXPECT_EQ(open->kind(), kind);
    EXPECT_EQ(open->bits(), key.bits());
  }
}

}  // namespace
}  // namespace postern::dkim
