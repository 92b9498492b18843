#pragma once

#include <optional>
#include <string_view>

// As much of DER (ITU-T X.690) as finding the numbers of an RSA public key takes.
namespace postern::crypto {

/// Big-endian, without leading zeros; borrowed from the DER.
struct RsaNumbers {
  std::string_view modulus;
  std::string_view exponent;
};

/// The numbers in a SubjectPublicKeyInfo with rsaEncryption, or in a bare RSAPublicKey. Nothing
/// when `der` is neither, or octets follow it.
[[nodiscard]] std::optional<RsaNumbers> read_rsa_public_key(std::string_view der);

/// How many bits a number without leading zeros has.
[[nodiscard]] unsigned bit_length(std::string_view number);

}  // namespace postern::crypto
