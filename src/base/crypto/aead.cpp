#include "crypto/aead.hpp"

#include <limits>
#include <memory>
#include <new>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace postern::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* in(std::string_view octets) {
  return reinterpret_cast<const unsigned char*>(octets.empty() ? "" : octets.data());
}
unsigned char* out(std::string& octets) {
  return reinterpret_cast<unsigned char*>(octets.data());
}

/// libcrypto counts in int.
bool fits(std::string_view octets) {
  return octets.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) - kAeadTagSize;
}

void must(int rc) {
  if (rc == 1) return;
  ERR_clear_error();
  throw std::bad_alloc{};  // nothing else can fail with sizes that were checked
}

Result<Context> begin(std::string_view key, std::string_view nonce, std::string_view about,
                      std::string_view text, int encrypt) {
  if (key.size() != kAeadKeySize || nonce.size() != kAeadNonceSize)
    return fail(Errc::bad_config, "a key or nonce of the wrong size");
  if (!fits(about) || !fits(text)) return fail(Errc::too_large, "too much to encrypt at once");
  Context context{EVP_CIPHER_CTX_new()};
  if (!context) throw std::bad_alloc{};
  must(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce), encrypt));
  int size = 0;
  must(EVP_CipherUpdate(context.get(), nullptr, &size, in(about), static_cast<int>(about.size())));
  return context;
}

}  // namespace

Result<std::string> aead_seal(std::string_view key, std::string_view nonce, std::string_view about,
                              std::string_view text) {
  auto context = begin(key, nonce, about, text, 1);
  if (!context) return std::unexpected(std::move(context).error());
  std::string sealed(text.size() + kAeadTagSize, '\0');
  int size = 0;
  must(EVP_CipherUpdate(context->get(), out(sealed), &size, in(text),
                        static_cast<int>(text.size())));
  int rest = 0;
  must(EVP_CipherFinal_ex(context->get(), out(sealed) + size, &rest));
  must(EVP_CIPHER_CTX_ctrl(context->get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagSize),
                           out(sealed) + text.size()));
  return sealed;
}

Result<Secret<std::string>> aead_open(std::string_view key, std::string_view nonce,
                                      std::string_view about, std::string_view sealed) {
  if (sealed.size() < kAeadTagSize) return fail(Errc::corrupt, "too short to be encrypted");
  const auto text = sealed.substr(0, sealed.size() - kAeadTagSize);
  std::string tag{sealed.substr(text.size())};
  auto context = begin(key, nonce, about, text, 0);
  if (!context) return std::unexpected(std::move(context).error());
  std::string opened(text.size(), '\0');
  int size = 0;
  must(EVP_CipherUpdate(context->get(), out(opened), &size, in(text),
                        static_cast<int>(text.size())));
  must(EVP_CIPHER_CTX_ctrl(context->get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kAeadTagSize),
                           out(tag)));
  int rest = 0;
  if (EVP_CipherFinal_ex(context->get(), out(opened) + size, &rest) != 1) {
    ERR_clear_error();
    wipe(opened);
    return fail(Errc::corrupt, "does not open with this key");
  }
  return Secret<std::string>{std::move(opened)};
}

}  // namespace postern::crypto
