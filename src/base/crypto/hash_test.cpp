#include "crypto/hash.hpp"

#include <string>

#include <gtest/gtest.h>

#include "text/base64.hpp"

namespace postern::crypto {
namespace {

std::string hex(const Digest& digest) {
  return text::to_hex(view(digest));
}

// FIPS 180-4's examples.
TEST(Hash, Sha256OfKnownTexts) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, PiecesGiveTheSameDigestAsTheWhole) {
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  Sha256 hash;
  for (const char c : text) hash.update({&c, 1});
  hash.update({});
  EXPECT_EQ(hash.finish(), sha256(text));
  hash.update("abc");  // starts afresh
  EXPECT_EQ(hash.finish(), sha256("abc"));
}

// RFC 4231's test cases 1, 2 and 6.
TEST(Hash, HmacOfKnownTexts) {
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hash, HmacTakesAnEmptyKeyAndText) {
  EXPECT_EQ(hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hash, FieldsDoNotRunTogether) {
  EXPECT_NE(hmac_sha256_fields("key", {"ab", "c"}), hmac_sha256_fields("key", {"a", "bc"}));
  EXPECT_NE(hmac_sha256_fields("key", {"ab"}), hmac_sha256_fields("key", {"ab", ""}));
  EXPECT_NE(hmac_sha256_fields("key", {"ab"}), hmac_sha256_fields("other", {"ab"}));
  using namespace std::string_view_literals;
  EXPECT_EQ(hmac_sha256_fields("key", {"ab", "c"}),
            hmac_sha256("key", "\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c"sv));
}

// RFC 7914 §11 (the first 32 of its 64 bytes).
TEST(Hash, Pbkdf2OfKnownTexts) {
  EXPECT_EQ(hex(pbkdf2_hmac_sha256("passwd", "salt", 1)),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(hex(pbkdf2_hmac_sha256("Password", "NaCl", 80000)),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

}  // namespace
}  // namespace postern::crypto
