#include "crypto/siphash.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace postern::crypto {
namespace {

SipKey counting_key() {
  SipKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key.at(i) = static_cast<std::uint8_t>(i);
  return key;
}

// The example of the paper (appendix A): key 00..0f, text 00..0e.
TEST(SipHash, ThePapersExample) {
  std::string text;
  for (int i = 0; i < 15; ++i) text += static_cast<char>(i);
  EXPECT_EQ(siphash(counting_key(), text), 0xa129ca6149be45e5U);
}

std::uint64_t by_libcrypto(const SipKey& key, std::string_view text) {
  const std::unique_ptr<EVP_MAC, void (*)(EVP_MAC*)> mac{EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                         EVP_MAC_free};
  const std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)> context{EVP_MAC_CTX_new(mac.get()),
                                                                     EVP_MAC_CTX_free};
  std::size_t size = 8;
  const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_size_t("size", &size),
                                             OSSL_PARAM_construct_end()};
  std::array<unsigned char, 8> out{};
  EXPECT_EQ(EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()), 1);
  EXPECT_EQ(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()),
                           text.size()),
            1);
  EXPECT_EQ(EVP_MAC_final(context.get(), out.data(), &size, out.size()), 1);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{out.at(i)} << (8 * i);
  return value;
}

TEST(SipHash, AgreesWithAnotherImplementationAtEveryLength) {
  std::string text;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(siphash(counting_key(), text), by_libcrypto(counting_key(), text)) << i;
    text += static_cast<char>(200 - i);
  }
}

}  // namespace
}  // namespace postern::crypto
