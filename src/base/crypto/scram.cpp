#include "crypto/scram.hpp"

#include <algorithm>
#include <functional>

#include "crypto/hash.hpp"

namespace postern::crypto {
namespace {

Digest exclusive_or(const Digest& a, const Digest& b) {
  Digest out;
  std::ranges::transform(a, b, out.begin(), std::bit_xor<std::uint8_t>{});
  return out;
}

}  // namespace

ScramClientKeys derive_scram_client_keys(std::string_view password, std::string_view salt,
                                         std::uint32_t iterations) {
  Digest salted = pbkdf2_hmac_sha256(password, salt, iterations);
  const Digest client_key = hmac_sha256(view(salted), "Client Key");
  const Digest server_key = hmac_sha256(view(salted), "Server Key");
  wipe(salted.data(), salted.size());
  return {.client_key = client_key,
          .keys = {.stored_key = sha256(view(client_key)), .server_key = server_key}};
}

ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations) {
  ScramClientKeys all = derive_scram_client_keys(password, salt, iterations);
  wipe(all.client_key.data(), all.client_key.size());
  return all.keys;
}

Digest scram_client_proof(const ScramClientKeys& keys, std::string_view auth_message) {
  return exclusive_or(keys.client_key, hmac_sha256(view(keys.keys.stored_key), auth_message));
}

bool scram_proof_is_good(const ScramKeys& keys, std::string_view auth_message,
                         std::string_view proof) {
  Digest given{};
  if (proof.size() != given.size()) return false;
  std::ranges::transform(proof, given.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  const Digest client_key = exclusive_or(given, hmac_sha256(view(keys.stored_key), auth_message));
  return equal_constant_time(view(sha256(view(client_key))), view(keys.stored_key));
}

Digest scram_server_signature(const ScramKeys& keys, std::string_view auth_message) {
  return hmac_sha256(view(keys.server_key), auth_message);
}

}  // namespace postern::crypto
