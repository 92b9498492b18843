#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/bytes.hpp"

namespace postern::crypto {

/// What a server keeps to check SCRAM-SHA-256 (RFC 5802 §3, RFC 7677). Whoever steals it can guess
/// passwords offline, and with an observed exchange act as the client.
struct ScramKeys {
  Digest stored_key;
  Digest server_key;
};

/// What a client derives; the ClientKey is as good as the password for this salt.
struct ScramClientKeys {
  Digest client_key;
  ScramKeys keys;
};

/// `password` is prepared already (sasl::prepare_scram_password). `iterations` at least 4096
/// (RFC 7677 §4); 60,000 take tens of milliseconds: run them on a pool.
[[nodiscard]] ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                                          std::uint32_t iterations);
[[nodiscard]] ScramClientKeys derive_scram_client_keys(std::string_view password,
                                                       std::string_view salt,
                                                       std::uint32_t iterations);

/// ClientProof = ClientKey XOR HMAC(StoredKey, auth_message): RFC 5802 §3.
[[nodiscard]] Digest scram_client_proof(const ScramClientKeys& keys, std::string_view auth_message);
/// Whether `proof` was made by someone who has the password. Constant time; false when `proof` is
/// not of a digest's size.
[[nodiscard]] bool scram_proof_is_good(const ScramKeys& keys, std::string_view auth_message,
                                       std::string_view proof);
/// ServerSignature = HMAC(ServerKey, auth_message).
[[nodiscard]] Digest scram_server_signature(const ScramKeys& keys, std::string_view auth_message);

}  // namespace postern::crypto
