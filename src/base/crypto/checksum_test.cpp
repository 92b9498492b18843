#include "crypto/checksum.hpp"

#include <string>

#include <gtest/gtest.h>

namespace postern::crypto {
namespace {

std::string counting(int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(i * 7 + 3);
  return bytes;
}

// RFC 3720 §B.4.
TEST(Checksum, KnownTexts) {
  std::string up;
  for (int i = 0; i < 32; ++i) up += static_cast<char>(i);
  for (const auto of : {+[](std::string_view b) { return crc32c(b); },
                        +[](std::string_view b) { return detail::crc32c_by_table(b, 0); }}) {
    EXPECT_EQ(of(""), 0U);
    EXPECT_EQ(of("123456789"), 0xe3069283U);
    EXPECT_EQ(of(std::string(32, '\0')), 0x8a9136aaU);
    EXPECT_EQ(of(std::string(32, '\xff')), 0x62a8ab43U);
    EXPECT_EQ(of(up), 0x46dd794eU);
  }
}

TEST(Checksum, InstructionAndTableAgreeAndPiecesAddUp) {
  const std::string bytes = counting(200);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view all = std::string_view{bytes}.substr(0, size);
    EXPECT_EQ(crc32c(all), detail::crc32c_by_table(all, 0)) << size;
    EXPECT_EQ(crc32c(all.substr(size / 3), crc32c(all.substr(0, size / 3))), crc32c(all)) << size;
  }
}

TEST(Checksum, EveryFlippedBitShows) {
  std::string bytes = counting(64);
  const std::uint32_t whole = crc32c(bytes);
  for (char& c : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      c = static_cast<char>(c ^ (1 << bit));
      EXPECT_NE(crc32c(bytes), whole);
      c = static_cast<char>(c ^ (1 << bit));
    }
  }
}

}  // namespace
}  // namespace postern::crypto
