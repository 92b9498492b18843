// libFuzzer: any text as a key record, and any octets as a key. Whatever it is, verifying with it
// ends soon, and no key of a useless size is used.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/hash.hpp"
#include "dkim/key_record.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

void use(const Result<crypto::PublicKey>& key) {
  if (!key) return;
  const bool sized = key->kind() == crypto::KeyKind::ed25519 ||
                     (key->bits() >= crypto::kMinRsaBits && key->bits() <= crypto::kMaxRsaBits);
  require(sized || !key->usable());
  require(!key->verify(crypto::sha256("nobody signed this"), std::string(key->bits() / 8, '\1')));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  use(crypto::PublicKey::rsa(text));
  const auto record = dkim::parse_key_record(text);
  if (!record) return 0;
  require(text.size() <= dkim::kMaxKeyRecord && record->octets.size() < text.size());
  use(dkim::public_key(*record));
  dkim::Signature signature;
  const auto flaw = dkim::check_key(*record, signature);
  require(!record->revoked() || flaw);
  return 0;
}
