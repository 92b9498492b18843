#include "crypto/password_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::crypto {
namespace {

constexpr Argon2Cost kCheap{.memory_kib = 64, .passes = 1, .lanes = 1};

// What the reference implementation (argon2id_hash_encoded) gives.
constexpr std::string_view kKnown =
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";

Errc verify_error(std::string_view phc) {
  const auto outcome = argon2id_verify("password", phc);
  return outcome ? Errc::shutting_down : outcome.error().code;
}

TEST(PasswordHash, VerifiesAForeignHash) {
  EXPECT_EQ(argon2id_verify("password", kKnown), true);
  EXPECT_EQ(argon2id_verify("passwore", kKnown), false);
}

TEST(PasswordHash, RoundTripWithTheDefaultCost) {
  const auto phc = argon2id_hash("correct horse", "0123456789abcdef");
  ASSERT_TRUE(phc);
  EXPECT_THAT(*phc, testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"));
  EXPECT_EQ(argon2id_verify("correct horse", *phc), true);
  EXPECT_EQ(argon2id_verify("correct hors", *phc), false);
  EXPECT_FALSE(argon2id_needs_rehash(*phc));
}

TEST(PasswordHash, SaltAndPasswordMatter) {
  EXPECT_NE(*argon2id_hash("a", "saltsalt", kCheap), *argon2id_hash("a", "saltsalu", kCheap));
  EXPECT_NE(*argon2id_hash("a", "saltsalt", kCheap), *argon2id_hash("b", "saltsalt", kCheap));
  EXPECT_EQ(*argon2id_hash("a", "saltsalt", kCheap), *argon2id_hash("a", "saltsalt", kCheap));
  EXPECT_EQ(argon2id_verify("", *argon2id_hash("", "saltsalt", kCheap)), true);
  const std::string_view nul{"a\0b", 3};
  EXPECT_EQ(argon2id_verify("a", *argon2id_hash(nul, "saltsalt", kCheap)), false);
}

TEST(PasswordHash, AnotherCostAsksForARehash) {
  const auto phc = argon2id_hash("x", "saltsalt", kCheap);
  EXPECT_TRUE(argon2id_needs_rehash(*phc));
  EXPECT_FALSE(argon2id_needs_rehash(*phc, kCheap));
  EXPECT_TRUE(argon2id_needs_rehash("", kCheap));
}

TEST(PasswordHash, BoundsOfWhatIsHashed) {
  EXPECT_EQ(argon2id_hash("x", "short", kCheap).error().code, Errc::bad_config);
  EXPECT_EQ(argon2id_hash("x", std::string(65, 's'), kCheap).error().code, Errc::bad_config);
  EXPECT_EQ(argon2id_hash("x", "saltsalt", {.memory_kib = 7}).error().code, Errc::bad_config);
  EXPECT_EQ(argon2id_hash("x", "saltsalt", {.passes = 0}).error().code, Errc::bad_config);
  const std::string giant(kMaxPassword + 1, 'x');
  EXPECT_EQ(argon2id_hash(giant, "saltsalt", kCheap).error().code, Errc::too_large);
  EXPECT_EQ(argon2id_verify(giant, kKnown), false);
}

TEST(PasswordHash, WhatAsksTooMuchIsRefusedBeforeItCosts) {
  constexpr std::string_view tail = "$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
  for (const std::string_view cost :
       {"m=4294967295,t=2,p=1", "m=262145,t=2,p=1", "m=19456,t=17,p=1", "m=19456,t=0,p=1",
        "m=19456,t=1,p=17", "m=19456,t=1,p=0", "m=15,t=1,p=2"}) {
    EXPECT_EQ(verify_error("$argon2id$v=19$" + std::string{cost} + std::string{tail}),
              Errc::unsupported)
        << cost;
  }
}

TEST(PasswordHash, BrokenStringsAreCorrupt) {
  for (const std::string_view phc :
       {"", "x", "$argon2id", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA",
        "$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA",
        "$argon2id$v=19$m=99999999999,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA",
        "$argon2id$v=19$m=64,t=1,p=1$c2E$bQk8UB/VmZZF4Oo79iDXuA",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ=$bQk8UB/VmZZF4Oo79iDXuA",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$bQk8"}) {
    EXPECT_EQ(verify_error(phc), Errc::corrupt) << phc;
  }
  EXPECT_EQ(verify_error("$argon2id$v=19$" + std::string(600, 'x')), Errc::corrupt);
  EXPECT_EQ(verify_error("$2b$12$abc"), Errc::unsupported);
  EXPECT_EQ(verify_error("$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA"),
            Errc::unsupported);
}

}  // namespace
}  // namespace postern::crypto
