#include "crypto/bytes.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace postern::crypto {
namespace {

TEST(Bytes, ConstantTimeEqualityIsEquality) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("same", "same"));
  EXPECT_FALSE(equal_constant_time("same", "samE"));
  EXPECT_FALSE(equal_constant_time("same", "Same"));
  EXPECT_FALSE(equal_constant_time("same", "sam"));
  EXPECT_FALSE(equal_constant_time("", "x"));
  const std::string_view nul{"a\0b", 3};
  EXPECT_FALSE(equal_constant_time(nul, std::string_view{"a\0c", 3}));
}

TEST(Bytes, WipeOverwrites) {
  std::string secret(200, 's');
  const char* const where = secret.data();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  ASSERT_EQ(secret.data(), where);  // overwritten in place, not given back with its content

  std::array<std::uint8_t, 4> raw{1, 2, 3, 4};
  wipe(raw.data(), raw.size());
  EXPECT_TRUE(std::ranges::all_of(raw, [](std::uint8_t b) { return b == 0; }));
}

TEST(Bytes, ScopedWipeEmptiesAtTheEnd) {
  std::string secret = "secret";
  {
    const ScopedWipe wipe_later{secret};
  }
  EXPECT_TRUE(secret.empty());
}

}  // namespace
}  // namespace postern::crypto
