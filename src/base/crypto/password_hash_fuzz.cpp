// libFuzzer: reading a PHC string never fails otherwise than by saying so, and what is read as
// being of a cost names that cost.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/password_hash.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view phc{reinterpret_cast<const char*>(data), size};
  constexpr postern::crypto::Argon2Cost kCheap{.memory_kib = 64, .passes = 1, .lanes = 1};
  if (postern::crypto::argon2id_needs_rehash(phc, kCheap)) return 0;
  if (!phc.contains("m=64,t=1,p=1")) std::abort();
  if (!postern::crypto::argon2id_verify("password", phc)) std::abort();
  return 0;
}
