#include "store/chunk.hpp"

#include <gtest/gtest.h>

namespace postern::store {
namespace {

std::string noise(std::size_t size) {
  std::string out;
  std::uint64_t state = 1;
  while (out.size() < size) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    out.push_back(static_cast<char>(state >> 56U));
  }
  return out;
}

TEST(Chunk, GivesBackWhatWentIn) {
  for (const auto& octets : {std::string{}, std::string{"x"}, std::string(kChunkOctets, 'a'),
                             noise(kChunkOctets), std::string{"\0\r\n\xff", 4}}) {
    const auto stored = encode_chunk(octets);
    const auto back = decode_chunk(stored);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, octets);
  }
  EXPECT_LT(encode_chunk(std::string(kChunkOctets, 'a')).size(), 1000U);
  EXPECT_LT(encode_chunk(noise(kChunkOctets)).size(), kChunkOctets + 32);
}

TEST(Chunk, NoticesEveryFlippedBitAndEveryCut) {
  const auto stored = encode_chunk(std::string(600, 'a') + noise(64));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto broken = stored;
      broken[i] = static_cast<char>(static_cast<unsigned char>(broken[i]) ^ (1U << bit));
      EXPECT_FALSE(decode_chunk(broken)) << i << "." << bit;
    }
    EXPECT_FALSE(decode_chunk(stored.substr(0, i)));
  }
}

}  // namespace
}  // namespace postern::store
