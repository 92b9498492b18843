#include "crypto/aead.hpp"

#include <gtest/gtest.h>

#include "text/base64.hpp"

namespace postern::crypto {
namespace {

const std::string kNonce(kAeadNonceSize, '\0');

// NIST's GCM test vectors (gcmEncryptExtIV256, Keylen 256, IVlen 96, Taglen 128): the first with
// neither text nor AAD, and Test Case 14 of the GCM specification.
TEST(Aead, MatchesPublishedVectors) {
  const std::string zeros(kAeadKeySize, '\0');
  EXPECT_EQ(text::to_hex(aead_seal(zeros, kNonce, {}, {}).value()),
            "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(text::to_hex(aead_seal(zeros, kNonce, {}, std::string(16, '\0')).value()),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(Aead, OpensWhatItSealed) {
  const std::string key(kAeadKeySize, 'k');
  for (const auto& text : {std::string{}, std::string{"x"}, std::string(100'000, 'y')}) {
    const auto sealed = aead_seal(key, kNonce, "place", text).value();
    EXPECT_EQ(sealed.size(), text.size() + kAeadTagSize);
    EXPECT_EQ(aead_open(key, kNonce, "place", sealed)->reveal(), text);
  }
}

TEST(Aead, RefusesWhatWasChanged) {
  const std::string key(kAeadKeySize, 'k');
  const auto sealed = aead_seal(key, kNonce, "place", "text").value();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed.at(i) ^= 1;
    EXPECT_EQ(aead_open(key, kNonce, "place", changed).error().code, Errc::corrupt) << i;
  }
  EXPECT_EQ(aead_open(key, kNonce, "elsewhere", sealed).error().code, Errc::corrupt);
  EXPECT_EQ(aead_open(key, "another nonc", "place", sealed).error().code, Errc::corrupt);
  EXPECT_EQ(aead_open(std::string(kAeadKeySize, 'l'), kNonce, "place", sealed).error().code,
            Errc::corrupt);
  EXPECT_EQ(aead_open(key, kNonce, "place", sealed.substr(0, 15)).error().code, Errc::corrupt);
  EXPECT_EQ(aead_open(key, kNonce, "place", "").error().code, Errc::corrupt);
}

TEST(Aead, KnowsItsSizes) {
  EXPECT_EQ(aead_seal("short", kNonce, {}, {}).error().code, Errc::bad_config);
  EXPECT_EQ(aead_seal(std::string(kAeadKeySize, 'k'), "short", {}, {}).error().code,
            Errc::bad_config);
}

}  // namespace
}  // namespace postern::crypto
