#include "crypto/password_hash.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <argon2.h>

#include "crypto/bytes.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::crypto {
namespace {

constexpr std::size_t kHashSize = 32;
constexpr std::size_t kMinHash = 16;
constexpr std::size_t kMaxHash = 64;
constexpr std::size_t kMaxPhc = 512;
constexpr std::uint32_t kKibPerLane = 8;  // RFC 9106: at least 8 KiB a lane

struct Phc {
  Argon2Cost cost;
  std::string salt;
  std::string hash;
};

bool within_bounds(const Argon2Cost& cost) {
  return cost.lanes >= 1 && cost.lanes <= kMaxArgon2Cost.lanes && cost.passes >= 1 &&
         cost.passes <= kMaxArgon2Cost.passes && cost.memory_kib >= kKibPerLane * cost.lanes &&
         cost.memory_kib <= kMaxArgon2Cost.memory_kib;
}

std::string unpadded(std::string_view bytes) {
  std::string encoded = text::to_base64(bytes);
  encoded.resize(std::min(encoded.size(), encoded.find('=')));
  return encoded;
}

std::optional<std::string> from_unpadded(std::string_view encoded) {
  if (encoded.contains('=')) return std::nullopt;
  std::string padded{encoded};
  padded.resize((padded.size() + 3) / 4 * 4, '=');
  return text::from_base64(padded);
}

// "name=number" without leading zeros, so that one cost has one spelling.
std::optional<std::uint32_t> number_after(std::string_view field, std::string_view name) {
  if (!field.starts_with(name)) return std::nullopt;
  field.remove_prefix(name.size());
  if (field.size() > 1 && field.starts_with('0')) return std::nullopt;
  return text::parse_number<std::uint32_t>(field);
}

Result<Argon2Cost> parse_cost(std::string_view field) {
  const auto parts = text::split(field, ',');
  if (parts.size() != 3) return fail(Errc::corrupt, "Argon2 parameters");
  const auto memory = number_after(parts[0], "m=");
  const auto passes = number_after(parts[1], "t=");
  const auto lanes = number_after(parts[2], "p=");
  if (!memory || !passes || !lanes) return fail(Errc::corrupt, "Argon2 parameters");
  const Argon2Cost cost{.memory_kib = *memory, .passes = *passes, .lanes = *lanes};
  if (!within_bounds(cost)) return fail(Errc::unsupported, "Argon2 cost out of bounds");
  return cost;
}

Result<Phc> parse_phc(std::string_view phc) {
  if (phc.size() > kMaxPhc || !phc.starts_with('$')) return fail(Errc::corrupt, "not a PHC string");
  const auto fields = text::split(phc.substr(1), '$');
  if (fields[0] != "argon2id") return fail(Errc::unsupported, "not argon2id");
  if (fields.size() != 5) return fail(Errc::corrupt, "PHC string of the wrong shape");
  if (fields[1] != "v=19") return fail(Errc::unsupported, "Argon2 version");
  POSTERN_TRY(const Argon2Cost cost, parse_cost(fields[2]));
  auto salt = from_unpadded(fields[3]);
  auto hash = from_unpadded(fields[4]);
  if (!salt || salt->size() < kMinSalt || salt->size() > kMaxSalt || !hash ||
      hash->size() < kMinHash || hash->size() > kMaxHash) {
    return fail(Errc::corrupt, "PHC salt or hash");
  }
  return Phc{.cost = cost, .salt = *std::move(salt), .hash = *std::move(hash)};
}

Result<std::string> derive(std::string_view password, std::string_view salt, const Argon2Cost& cost,
                           std::size_t size) {
  // The library's context wants mutable buffers, so it gets copies.
  std::string secret{password};
  const ScopedWipe wipe_secret{secret};
  std::string own_salt{salt};
  std::string out(size, '\0');
  argon2_context context{};
  context.out = reinterpret_cast<std::uint8_t*>(out.data());
  context.outlen = static_cast<std::uint32_t>(out.size());
  context.pwd = reinterpret_cast<std::uint8_t*>(secret.data());
  context.pwdlen = static_cast<std::uint32_t>(secret.size());
  context.salt = reinterpret_cast<std::uint8_t*>(own_salt.data());
  context.saltlen = static_cast<std::uint32_t>(own_salt.size());
  context.t_cost = cost.passes;
  context.m_cost = cost.memory_kib;
  context.lanes = cost.lanes;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  const int rc = argon2id_ctx(&context);
  if (rc == ARGON2_MEMORY_ALLOCATION_ERROR) return fail(Errc::limit_reached, "Argon2: no memory");
  if (rc != ARGON2_OK) return fail(Errc::bad_config, argon2_error_message(rc));
  return out;
}

}  // namespace

Result<std::string> argon2id_hash(std::string_view password, std::string_view salt,
                                  const Argon2Cost& cost) {
  if (password.size() > kMaxPassword) return fail(Errc::too_large, "password");
  if (salt.size() < kMinSalt || salt.size() > kMaxSalt || !within_bounds(cost)) {
    return fail(Errc::bad_config, "Argon2 salt or cost out of bounds");
  }
  POSTERN_TRY(const std::string hash, derive(password, salt, cost, kHashSize));
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) +
         ",t=" + std::to_string(cost.passes) + ",p=" + std::to_string(cost.lanes) + "$" +
         unpadded(salt) + "$" + unpadded(hash);
}

Result<bool> argon2id_verify(std::string_view password, std::string_view phc) {
  if (password.size() > kMaxPassword) return false;  // none so long was ever hashed
  POSTERN_TRY(const Phc stored, parse_phc(phc));
  POSTERN_TRY(const std::string hash,
              derive(password, stored.salt, stored.cost, stored.hash.size()));
  return equal_constant_time(hash, stored.hash);
}

bool argon2id_needs_rehash(std::string_view phc, const Argon2Cost& cost) {
  const auto stored = parse_phc(phc);
  return !stored || stored->cost != cost || stored->hash.size() != kHashSize;
}

}  // namespace postern::crypto
