#include "crypto/signature.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/der.hpp"
#include "crypto/hash.hpp"

namespace postern::crypto {
namespace {

using namespace std::string_literals;

std::string element(char tag, const std::string& contents) {
  std::string out(1, tag);
  const auto size = contents.size();
  if (size >= 0x100) {
    out += '\x82';
    out += static_cast<char>(size >> 8U);
  } else if (size >= 0x80) {
    out += '\x81';
  }
  out += static_cast<char>(size & 0xffU);
  return out + contents;
}

std::string bare(const std::string& modulus, const std::string& exponent) {
  return element('\x30', element('\x02', modulus) + element('\x02', exponent));
}

std::string info(const std::string& key) {
  const std::string rsa = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"s;
  return element('\x30', rsa + element('\x03', '\0' + key));
}

/// An odd number of so many bits, as an INTEGER's contents.
std::string number(unsigned bits) {
  return "\0"s + std::string(bits / 8, '\xff');
}

const std::string kF4 = "\x01\x00\x01"s;

class EachKind : public testing::TestWithParam<KeyKind> {};
INSTANTIATE_TEST_SUITE_P(Signature, EachKind, testing::Values(KeyKind::rsa, KeyKind::ed25519),
                         [](const auto& param) {
                           return param.param == KeyKind::rsa ? "rsa" : "ed25519";
                         });

TEST_P(EachKind, SignsWhatThePublicKeyVerifies) {
  const auto key = PrivateKey::generate(GetParam());
  ASSERT_TRUE(key);
  const auto digest = sha256("message");
  const auto signature = key->sign(digest);
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->size(), GetParam() == KeyKind::rsa ? 256U : 64U);
  const auto open = key->public_key();
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->usable());
  EXPECT_EQ(open->bits(), key->bits());
  EXPECT_TRUE(open->verify(digest, *signature));
  EXPECT_FALSE(open->verify(sha256("massage"), *signature));
  EXPECT_FALSE(open->verify(digest, signature->substr(1)));
  EXPECT_FALSE(open->verify(digest, *signature + '\0'));
  EXPECT_FALSE(open->verify(digest, ""));
  for (const std::size_t at : {std::size_t{0}, signature->size() / 2, signature->size() - 1}) {
    auto broken = *signature;
    broken.at(at) = static_cast<char>(broken.at(at) ^ 1);
    EXPECT_FALSE(open->verify(digest, broken)) << at;
  }
}

TEST_P(EachKind, IsReadBackFromPem) {
  const auto key = PrivateKey::generate(GetParam());
  ASSERT_TRUE(key);
  const auto pem = key->to_pem();
  EXPECT_THAT(pem.reveal(), testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  const auto again = PrivateKey::from_pem(pem.reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->kind(), GetParam());
  EXPECT_EQ(again->public_octets(), key->public_octets());
  const auto digest = sha256("message");
  EXPECT_EQ(again->sign(digest).value(), key->sign(digest).value());  // both are deterministic
}

TEST_P(EachKind, MakesADifferentKeyEachTime) {
  EXPECT_NE(PrivateKey::generate(GetParam())->public_octets(),
            PrivateKey::generate(GetParam())->public_octets());
}

TEST(Signature, ReadsRsaKeysBareAndWrapped) {
  const auto key = PrivateKey::generate(KeyKind::rsa);
  ASSERT_TRUE(key);
  const auto wrapped = key->public_octets();
  const auto numbers = read_rsa_public_key(wrapped).value_or(RsaNumbers{});
  const auto bare_der = bare('\0' + std::string{numbers.modulus}, std::string{numbers.exponent});
  EXPECT_EQ(wrapped, info(bare_der));
  const auto open = PublicKey::rsa(bare_der);
  ASSERT_TRUE(open);
  const auto digest = sha256("message");
  EXPECT_TRUE(open->verify(digest, key->sign(digest).value()));
}

TEST(Signature, TellsKeysOfUselessSizesWithoutUsingThem) {
  for (const unsigned bits : {16U, 512U, 1016U, 4104U, 16'384U, 200'000U}) {
    const auto key = PublicKey::rsa(info(bare(number(bits), kF4)));
    ASSERT_TRUE(key) << bits;
    EXPECT_EQ(key->bits(), bits);
    EXPECT_FALSE(key->usable()) << bits;
    EXPECT_FALSE(key->verify(sha256(""), std::string(bits / 8, '\1'))) << bits;
  }
  for (const unsigned bits : {1024U, 4096U}) {
    const auto key = PublicKey::rsa(bare(number(bits), kF4));
    ASSERT_TRUE(key) << bits;
    EXPECT_TRUE(key->usable()) << bits;
    EXPECT_FALSE(key->verify(sha256(""), std::string(bits / 8, '\1'))) << bits;
  }
}

TEST(Signature, RefusesUselessNumbers) {
  const std::string huge = "\0"s + std::string(256, '\xff');
  for (const auto& exponent : {huge, "\x01"s, "\x04"s, "\x01\x00\x00\x00\x00\x00\x00\x00\x01"s}) {
    const auto key = PublicKey::rsa(bare(number(2048), exponent));
    ASSERT_TRUE(key);
    EXPECT_FALSE(key->usable());
  }
  auto even = number(2048);
  even.back() = '\xfe';
  EXPECT_FALSE(PublicKey::rsa(bare(even, kF4))->usable());
}

TEST(Signature, RefusesWhatIsNoKey) {
  const auto good = info(bare(number(1024), kF4));
  ASSERT_TRUE(PublicKey::rsa(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(PublicKey::rsa(good.substr(0, size))) << size;
  EXPECT_FALSE(PublicKey::rsa(good + '\0'));
  EXPECT_FALSE(PublicKey::rsa(bare("", kF4)));
  EXPECT_FALSE(PublicKey::rsa(bare("\0"s, kF4)));
  EXPECT_FALSE(PublicKey::rsa(bare("\x80\x01"s, kF4)));  // negative
  EXPECT_FALSE(PublicKey::rsa("\x30\x80\0\0"s));         // indefinite length
  EXPECT_FALSE(PublicKey::rsa("\x30\x84\xff\xff\xff\xff"s));
  EXPECT_FALSE(PublicKey::ed25519(std::string(31, 'a')));
  EXPECT_FALSE(PublicKey::ed25519(std::string(33, 'a')));
}

TEST(Signature, RefusesWhatIsNoPrivateKey) {
  const auto code = [](std::string_view pem) { return PrivateKey::from_pem(pem).error().code; };
  EXPECT_EQ(code(""), Errc::bad_syntax);
  EXPECT_EQ(code("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            Errc::bad_syntax);
  EXPECT_EQ(code(std::string(100'000, 'A')), Errc::bad_syntax);
}

}  // namespace
}  // namespace postern::crypto
