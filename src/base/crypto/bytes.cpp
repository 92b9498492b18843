#include "crypto/bytes.hpp"

#include <openssl/crypto.h>

namespace postern::crypto {

bool equal_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::string& secret) {
  secret.resize(secret.capacity());  // no allocation: the spare bytes become ours to overwrite
  wipe(secret.data(), secret.size());
  secret.clear();
}

void wipe(void* bytes, std::size_t size) {
  OPENSSL_cleanse(bytes, size);
}

}  // namespace postern::crypto
