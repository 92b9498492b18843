#include "crypto/hash.hpp"

#include <algorithm>
#include <new>
#include <string>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace postern::crypto {
namespace {

// A valid pointer even for an empty view: some of libcrypto's functions take null as "not given".
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

void must(int ok) {
  if (ok != 1) throw std::bad_alloc{};  // SHA-256 is always there: only memory can be missing
}

// Fetched once: looking an algorithm up costs more than hashing a short text.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (algorithm == nullptr) throw std::bad_alloc{};
  return algorithm;
}

EVP_MAC* hmac_algorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (algorithm == nullptr) throw std::bad_alloc{};
  return algorithm;
}

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

class Hmac {
 public:
  explicit Hmac(std::string_view key) : context_{EVP_MAC_CTX_new(hmac_algorithm())} {
    if (!context_) throw std::bad_alloc{};
    std::string name = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
        OSSL_PARAM_construct_end()};
    must(EVP_MAC_init(context_.get(), bytes_of(key), key.size(), parameters.data()));
  }
  void update(std::string_view bytes) {
    must(EVP_MAC_update(context_.get(), bytes_of(bytes), bytes.size()));
  }
  Digest finish() {
    Digest digest;
    std::size_t size = 0;
    must(EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()));
    return digest;
  }

 private:
  std::unique_ptr<EVP_MAC_CTX, FreeMac> context_;
};

}  // namespace

Digest sha256(std::string_view bytes) {
  Digest digest;
  must(EVP_Digest(bytes_of(bytes), bytes.size(), digest.data(), nullptr, sha256_algorithm(),
                  nullptr));
  return digest;
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
  if (!context_) throw std::bad_alloc{};
  must(EVP_DigestInit_ex2(context_.get(), sha256_algorithm(), nullptr));
}

void Sha256::update(std::string_view bytes) {
  must(EVP_DigestUpdate(context_.get(), bytes_of(bytes), bytes.size()));
}

Digest Sha256::finish() {
  Digest digest;
  must(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  must(EVP_DigestInit_ex2(context_.get(), sha256_algorithm(), nullptr));
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Hmac hmac{key};
  hmac.update(bytes);
  return hmac.finish();
}

Digest hmac_sha256_fields(std::string_view key, std::initializer_list<std::string_view> fields) {
  Hmac hmac{key};
  for (const std::string_view field : fields) {
    std::array<std::uint8_t, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i) {
      length[i] = static_cast<std::uint8_t>(field.size() >> (8 * (length.size() - 1 - i)));
    }
    hmac.update(view(length));
    hmac.update(field);
  }
  return hmac.finish();
}

Digest pbkdf2_hmac_sha256(std::string_view password, std::string_view salt,
                          std::uint32_t iterations) {
  Digest key;
  const int rounds = static_cast<int>(std::clamp<std::uint32_t>(iterations, 1, 1U << 30U));
  must(PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(bytes_of(password)),
                         static_cast<int>(password.size()), bytes_of(salt),
                         static_cast<int>(salt.size()), rounds, sha256_algorithm(),
                         static_cast<int>(key.size()), key.data()));
  return key;
}

}  // namespace postern::crypto
