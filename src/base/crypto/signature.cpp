#include "crypto/signature.hpp"

#include <array>
#include <bit>
#include <new>
#include <optional>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/der.hpp"

namespace postern::crypto {
namespace {

constexpr std::size_t kEd25519Octets = 32;
constexpr unsigned kNewRsaBits = 2048;
constexpr unsigned kMaxExponentBits = 64;
constexpr int kMaxPem = 64 * 1024;

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};

template <class T>
T* must(T* pointer) {
  if (pointer == nullptr) throw std::bad_alloc{};
  return pointer;
}

/// libcrypto queues what went wrong per thread; nobody reads it here, and TLS must not find it.
bool succeeded(int rc) {
  if (rc != 1) ERR_clear_error();
  return rc == 1;
}

/// EMSA-PKCS1-v1_5 with SHA-256. 1 for success, as libcrypto's own.
int choose_scheme(EVP_PKEY_CTX* context) {
  static const EVP_MD* const sha256 = must(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  const int rc = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
  return rc == 1 ? EVP_PKEY_CTX_set_signature_md(context, sha256) : rc;
}

bool is_odd(std::string_view number) {
  return (static_cast<unsigned char>(number.back()) & 1U) != 0;
}

bool is_usable(const RsaNumbers& rsa) {
  const unsigned bits = bit_length(rsa.modulus);
  const unsigned exponent = bit_length(rsa.exponent);
  return bits >= kMinRsaBits && bits <= kMaxRsaBits && exponent >= 2 &&
         exponent <= kMaxExponentBits && is_odd(rsa.modulus) && is_odd(rsa.exponent);
}

/// A parameter that holds a big-endian number in the machine's order; `buffer` outlives it.
OSSL_PARAM number_parameter(const char* name, std::string_view number, std::string& buffer) {
  buffer.assign(number.rbegin(), number.rend());
  if constexpr (std::endian::native == std::endian::big) buffer.assign(number);
  return OSSL_PARAM_construct_BN(name, reinterpret_cast<unsigned char*>(buffer.data()),
                                 buffer.size());
}

KeyHandle make_rsa(const RsaNumbers& rsa) {
  const KeyContext context{must(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr))};
  std::string modulus;
  std::string exponent;
  std::array<OSSL_PARAM, 3> parameters{
      number_parameter(OSSL_PKEY_PARAM_RSA_N, rsa.modulus, modulus),
      number_parameter(OSSL_PKEY_PARAM_RSA_E, rsa.exponent, exponent), OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (!succeeded(EVP_PKEY_fromdata_init(context.get())) ||
      !succeeded(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.data())))
    return nullptr;
  return KeyHandle{key};
}

KeyContext prepare_rsa(EVP_PKEY* key) {
  KeyContext context{must(EVP_PKEY_CTX_new(key, nullptr))};
  if (!succeeded(EVP_PKEY_verify_init(context.get())) || !succeeded(choose_scheme(context.get())))
    throw std::bad_alloc{};  // both are always there: only memory can be missing
  return context;
}

/// `prepared` may be in use by other threads: nothing of it changes.
bool verify_rsa(const EVP_PKEY_CTX* prepared, std::string_view digest, std::string_view signature) {
  const KeyContext context{must(EVP_PKEY_CTX_dup(prepared))};
  return succeeded(EVP_PKEY_verify(context.get(), octets_of(signature), signature.size(),
                                   octets_of(digest), digest.size()));
}

bool verify_ed25519(EVP_PKEY* key, std::string_view digest, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context{must(EVP_MD_CTX_new())};
  return succeeded(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key)) &&
         succeeded(EVP_DigestVerify(context.get(), octets_of(signature), signature.size(),
                                    octets_of(digest), digest.size()));
}

std::optional<std::string> sign_rsa(EVP_PKEY* key, std::string_view digest) {
  const KeyContext context{must(EVP_PKEY_CTX_new(key, nullptr))};
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = out.size();
  if (!succeeded(EVP_PKEY_sign_init(context.get())) || !succeeded(choose_scheme(context.get())) ||
      !succeeded(EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                               octets_of(digest), digest.size())))
    return std::nullopt;
  out.resize(size);
  return out;
}

std::optional<std::string> sign_ed25519(EVP_PKEY* key, std::string_view digest) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context{must(EVP_MD_CTX_new())};
  std::string out(2 * kEd25519Octets, '\0');
  std::size_t size = out.size();
  if (!succeeded(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key)) ||
      !succeeded(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                                octets_of(digest), digest.size())))
    return std::nullopt;
  return out;
}

/// Asked for the passphrase of an encrypted key: there is none.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

void FreeKey::operator()(evp_pkey_ctx_st* context) const {
  EVP_PKEY_CTX_free(context);
}

PublicKey::PublicKey(KeyKind kind, unsigned bits, KeyHandle key)
    : kind_{kind}, bits_{bits}, key_{std::move(key)} {
  if (kind_ == KeyKind::rsa && key_) prepared_ = prepare_rsa(key_.get());
}

Result<PublicKey> PublicKey::rsa(std::string_view der) {
  const auto numbers = read_rsa_public_key(der);
  if (!numbers) return fail(Errc::bad_syntax, "not the DER of an RSA public key");
  KeyHandle key = is_usable(*numbers) ? make_rsa(*numbers) : nullptr;
  return PublicKey{KeyKind::rsa, bit_length(numbers->modulus), std::move(key)};
}

Result<PublicKey> PublicKey::ed25519(std::string_view octets) {
  if (octets.size() != kEd25519Octets)
    return fail(Errc::bad_syntax, "an Ed25519 public key has 32 octets");
  KeyHandle key{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets_of(octets), octets.size())};
  if (!key) ERR_clear_error();
  return PublicKey{KeyKind::ed25519, 8 * kEd25519Octets, std::move(key)};
}

Result<PublicKey> PublicKey::of(KeyKind kind, std::string_view octets) {
  return kind == KeyKind::rsa ? rsa(octets) : ed25519(octets);
}

bool PublicKey::verify(const Digest& digest, std::string_view signature) const {
  if (!key_) return false;
  return kind_ == KeyKind::rsa ? verify_rsa(prepared_.get(), view(digest), signature)
                               : verify_ed25519(key_.get(), view(digest), signature);
}

Result<PrivateKey> PrivateKey::generate(KeyKind kind) {
  KeyHandle key{kind == KeyKind::rsa
                    ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{kNewRsaBits})
                    : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  if (!key) {
    ERR_clear_error();
    return fail(Errc::io_failed, "no new key: libcrypto has no entropy");
  }
  return PrivateKey{kind, std::move(key)};
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > kMaxPem) return fail(Errc::bad_syntax, "not the PEM of a private key");
  const std::unique_ptr<BIO, FreeContext> bio{
      must(BIO_new_mem_buf(octets_of(pem), static_cast<int>(pem.size())))};
  KeyHandle key{PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr)};
  if (!key) {
    ERR_clear_error();
    return fail(Errc::bad_syntax, "not the PEM of a private key without a passphrase");
  }
  const int type = EVP_PKEY_get_base_id(key.get());
  if (type == EVP_PKEY_ED25519) return PrivateKey{KeyKind::ed25519, std::move(key)};
  const auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(key.get()));
  if (type != EVP_PKEY_RSA || bits < kMinRsaBits || bits > kMaxRsaBits)
    return fail(Errc::unsupported, "neither Ed25519 nor RSA of 1024 to 4096 bits");
  return PrivateKey{KeyKind::rsa, std::move(key)};
}

Secret<std::string> PrivateKey::to_pem() const {
  const std::unique_ptr<BIO, FreeContext> bio{must(BIO_new(BIO_s_secmem()))};
  if (!succeeded(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr)))
    throw std::bad_alloc{};
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return Secret{std::string{data, static_cast<std::size_t>(size)}};
}

unsigned PrivateKey::bits() const {
  if (kind_ == KeyKind::ed25519) return 8 * kEd25519Octets;
  return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get()));
}

std::string PrivateKey::public_octets() const {
  if (kind_ == KeyKind::ed25519) {
    std::string out(kEd25519Octets, '\0');
    std::size_t size = out.size();
    if (!succeeded(EVP_PKEY_get_raw_public_key(
            key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size)))
      throw std::bad_alloc{};
    return out;
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) throw std::bad_alloc{};
  std::string out{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return out;
}

Result<PublicKey> PrivateKey::public_key() const {
  return PublicKey::of(kind_, public_octets());
}

Result<std::string> PrivateKey::sign(const Digest& digest) const {
  auto out = kind_ == KeyKind::rsa ? sign_rsa(key_.get(), view(digest))
                                   : sign_ed25519(key_.get(), view(digest));
  if (!out) return fail(Errc::io_failed, "libcrypto refuses to sign with this key");
  return *std::move(out);
}

}  // namespace postern::crypto
