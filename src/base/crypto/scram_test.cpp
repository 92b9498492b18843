#include "crypto/scram.hpp"

#include <string>

#include <gtest/gtest.h>

#include "text/base64.hpp"

namespace postern::crypto {
namespace {

constexpr std::string_view kAuthMessage =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

ScramClientKeys example() {
  return derive_scram_client_keys("pencil", *text::from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

// RFC 7677 §3.
TEST(Scram, TheRfcsExample) {
  const ScramClientKeys keys = example();
  const Digest proof = scram_client_proof(keys, kAuthMessage);
  EXPECT_EQ(text::to_base64(view(proof)), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_EQ(text::to_base64(view(scram_server_signature(keys.keys, kAuthMessage))),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_TRUE(scram_proof_is_good(keys.keys, kAuthMessage, view(proof)));
}

TEST(Scram, ServerKeysAreThoseOfTheClient) {
  const ScramKeys keys = derive_scram_keys("pencil", "salt", 4096);
  const ScramClientKeys client = derive_scram_client_keys("pencil", "salt", 4096);
  EXPECT_EQ(keys.stored_key, client.keys.stored_key);
  EXPECT_EQ(keys.server_key, client.keys.server_key);
  EXPECT_NE(keys.stored_key, derive_scram_keys("pencil", "salt", 4097).stored_key);
  EXPECT_NE(keys.stored_key, derive_scram_keys("pencil", "Salt", 4096).stored_key);
}

TEST(Scram, ABadProofIsRefused) {
  const ScramClientKeys keys = example();
  Digest proof = scram_client_proof(keys, kAuthMessage);
  EXPECT_FALSE(scram_proof_is_good(keys.keys, "other", view(proof)));
  EXPECT_FALSE(scram_proof_is_good(keys.keys, kAuthMessage, view(proof).substr(1)));
  EXPECT_FALSE(scram_proof_is_good(keys.keys, kAuthMessage, ""));
  proof[31] ^= 1;
  EXPECT_FALSE(scram_proof_is_good(keys.keys, kAuthMessage, view(proof)));
}

}  // namespace
}  // namespace postern::crypto
