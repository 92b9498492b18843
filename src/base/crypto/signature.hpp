#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"

struct evp_pkey_st;
struct evp_pkey_ctx_st;

// Signatures over SHA-256 digests, as DKIM and ARC use them: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) and
// Ed25519 over the digest (RFC 8463 §3). No other algorithm, and no SHA-1 (RFC 8301 §3.1). Keys may
// be used by several threads at once. Running out of memory throws std::bad_alloc.
namespace postern::crypto {

enum class KeyKind : std::uint8_t { rsa, ed25519 };

/// What verifiers must support (RFC 8301 §3.2).
inline constexpr unsigned kMinRsaBits = 1024;
inline constexpr unsigned kMaxRsaBits = 4096;

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
  void operator()(evp_pkey_ctx_st* context) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, FreeKey>;
using KeyContext = std::unique_ptr<evp_pkey_ctx_st, FreeKey>;

/// A key as others publish it. Reading one costs next to nothing whatever its size: a key that is
/// not `usable` is never given to libcrypto.
class PublicKey {
 public:
  /// DER of a SubjectPublicKeyInfo with rsaEncryption (RFC 5280 §4.1), or of a bare RSAPublicKey
  /// (RFC 8017 §A.1.1), which RFC 6376 §3.6.1 asks for and few publish. Error `bad_syntax`.
  [[nodiscard]] static Result<PublicKey> rsa(std::string_view der);
  /// The 32 octets of RFC 8032 §5.1.5. Error `bad_syntax`: another number of octets.
  [[nodiscard]] static Result<PublicKey> ed25519(std::string_view octets);
  /// One or the other.
  [[nodiscard]] static Result<PublicKey> of(KeyKind kind, std::string_view octets);

  [[nodiscard]] KeyKind kind() const { return kind_; }
  /// Of the RSA modulus, leading zeros not counted; 256 for Ed25519.
  [[nodiscard]] unsigned bits() const { return bits_; }
  /// An RSA modulus of kMinRsaBits to kMaxRsaBits, odd, with an odd exponent from 3 up to 64 bits;
  /// any Ed25519 key. Others verify nothing.
  [[nodiscard]] bool usable() const { return key_ != nullptr; }

  /// Whether `signature` is one over `digest` by this key's owner. False for a key that is not
  /// usable.
  [[nodiscard]] bool verify(const Digest& digest, std::string_view signature) const;

 private:
  PublicKey(KeyKind kind, unsigned bits, KeyHandle key);

  KeyKind kind_;
  unsigned bits_;
  KeyHandle key_;
  /// RSA: set up to verify, and only ever duplicated, which costs a tenth of setting one up.
  KeyContext prepared_;
};

/// A key to sign with.
class PrivateKey {
 public:
  /// A new key: RSA of 2048 bits with exponent 65537, or Ed25519. RSA takes a tenth of a second or
  /// more: run it on a pool. The one function of this module that draws randomness by itself
  /// (libcrypto's own, of which an RSA key needs an amount nobody knows before). Error `io_failed`:
  /// libcrypto has no entropy.
  [[nodiscard]] static Result<PrivateKey> generate(KeyKind kind);

  /// Reads PEM of an unencrypted PKCS#8 PrivateKeyInfo (RFC 5958 §2) or PKCS#1 RSAPrivateKey.
  /// Errors: `bad_syntax` if it is none; `unsupported` for another algorithm or an RSA modulus
  /// outside kMinRsaBits to kMaxRsaBits.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem);

  /// PKCS#8, not encrypted: `from_pem` reads it back.
  [[nodiscard]] Secret<std::string> to_pem() const;

  [[nodiscard]] KeyKind kind() const { return kind_; }
  [[nodiscard]] unsigned bits() const;

  /// What belongs into the p= of a DKIM key record before base64: the DER of the
  /// SubjectPublicKeyInfo for RSA, the 32 octets for Ed25519 (RFC 8463 §4.2).
  [[nodiscard]] std::string public_octets() const;
  [[nodiscard]] Result<PublicKey> public_key() const;

  /// The signature over `digest`: as long as the modulus, or 64 octets. Error `io_failed`:
  /// libcrypto refuses the key (numbers in a PEM that are no RSA key).
  [[nodiscard]] Result<std::string> sign(const Digest& digest) const;

 private:
  PrivateKey(KeyKind kind, KeyHandle key) : kind_{kind}, key_{std::move(key)} {}

  KeyKind kind_;
  KeyHandle key_;
};

}  // namespace postern::crypto
