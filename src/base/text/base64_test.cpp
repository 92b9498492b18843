#include "text/base64.hpp"

#include <gtest/gtest.h>

namespace postern::text {
namespace {

TEST(Base64, VectorsOfRfc4648Section10) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(plain), coded);
    EXPECT_EQ(from_base64(coded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  for (const auto* bad :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "=Zg=", "Zg==Zg==", "====", "Zm9v\n"})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

TEST(Hex, RoundTrips) {
  EXPECT_EQ(to_hex(std::string_view{"\x00\xff\x10", 3}), "00ff10");
  EXPECT_EQ(from_hex("00FF10"), (std::string{"\x00\xff\x10", 3}));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("zz"), std::nullopt);
}

TEST(Base64, IsReadAcrossFoldsIfAsked) {
  const std::string octets = "any octets at all, of any length";
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const auto plain = octets.substr(0, size);
    const auto letters = to_base64(plain);
    EXPECT_EQ(from_folded_base64(letters), plain);
    for (std::size_t at = 0; at <= letters.size(); ++at) {
      auto folded = letters;
      folded.insert(at, "\r\n\t ");
      EXPECT_EQ(from_folded_base64(folded), plain) << folded;
      EXPECT_EQ(from_base64(folded), std::nullopt) << folded;
      folded.replace(at, 4, "*");
      EXPECT_EQ(from_folded_base64(folded), std::nullopt) << folded;
    }
  }
  EXPECT_EQ(from_folded_base64(" \r\n"), "");
  for (const auto* wrong : {"Zg", "Zg=", "Z g = = Zg==", "Zh==", "Zm9=", "====", "Zg==\v", "=Zg="})
    EXPECT_EQ(from_folded_base64(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace postern::text
