#include "signing/key_codec.hpp"

#include "layout/keys.hpp"
#include "vocab/try.hpp"

namespace postern::signing {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kKind = 1;
constexpr std::uint32_t kBits = 2;
constexpr std::uint32_t kState = 3;
constexpr std::uint32_t kCreated = 4;
constexpr std::uint32_t kActivated = 5;
constexpr std::uint32_t kRetired = 6;
constexpr std::uint32_t kSeenSince = 7;
constexpr std::uint32_t kPublish = 8;
constexpr std::uint32_t kNonce = 9;
constexpr std::uint32_t kSealed = 10;
constexpr std::uint32_t kSecretId = 11;

constexpr std::uint8_t kRsa = 1;
constexpr std::uint8_t kEd25519 = 2;

std::uint64_t micros(Timestamp time) {
  return static_cast<std::uint64_t>(to_micros(time));
}

Timestamp take_time(record::Reader& in) {
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 62U;
  const auto value = in.number();
  if (value > kLatest) in.fault("a time out of range");
  return value > kLatest ? Timestamp{} : from_micros(static_cast<std::int64_t>(value));
}

void take_fact(record::Reader& in, KeyFacts& facts) {
  switch (in.tag()) {
    case kKind: {
      const auto kind = in.number<std::uint8_t>();
      if (kind != kRsa && kind != kEd25519) in.fault("an unknown kind of key");
      facts.kind = kind == kEd25519 ? crypto::KeyKind::ed25519 : crypto::KeyKind::rsa;
      return;
    }
    case kBits:  facts.bits = in.number<std::uint32_t>(); return;
    case kState: {
      const auto state = in.number<std::uint8_t>();
      if (state > static_cast<std::uint8_t>(State::retired)) in.fault("an unknown state");
      facts.state = static_cast<State>(state);
      return;
    }
    case kCreated:   facts.created = take_time(in); return;
    case kActivated: facts.activated = take_time(in); return;
    case kRetired:   facts.retired = take_time(in); return;
    case kSeenSince: facts.seen_since = take_time(in); return;
    default:         facts.publish = in.text(); return;
  }
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::pending: return "pending";
    case State::active:  return "active";
    case State::retired: return "retired";
  }
  return "";
}

std::string_view to_string(Loss loss) {
  switch (loss) {
    case Loss::none:         return "";
    case Loss::other_secret: return "stored under another secret";
    case Loss::damaged:      return "damaged in the store";
  }
  return "";
}

std::string_view to_string(crypto::KeyKind kind) {
  return kind == crypto::KeyKind::rsa ? "rsa" : "ed25519";
}

std::string record_prefix() {
  return layout::signing_key(layout::SigningKind::key).done();
}

std::string record_key(const KeyName& name) {
  std::string text = name.domain;
  text.push_back('\0');
  text += name.selector;
  return layout::signing_key(layout::SigningKind::key).text(text).done();
}

std::optional<KeyName> name_of(std::string_view record_key) {
  const auto prefix = record_prefix();
  if (!record_key.starts_with(prefix)) return std::nullopt;
  const auto text = record_key.substr(prefix.size());
  const auto nul = text.find('\0');
  if (nul == std::string_view::npos || nul == 0 || nul + 1 == text.size()) return std::nullopt;
  return KeyName{.domain = std::string{text.substr(0, nul)},
                 .selector = std::string{text.substr(nul + 1)}};
}

std::string encode(const StoredKey& key) {
  const auto& facts = key.facts;
  std::string out;
  record::Writer{out, kVersion}
      .number(kKind, facts.kind == crypto::KeyKind::rsa ? kRsa : kEd25519)
      .number(kBits, facts.bits)
      .number(kState, static_cast<std::uint8_t>(facts.state))
      .number(kCreated, micros(facts.created))
      .number_unless_zero(kActivated, micros(facts.activated))
      .number_unless_zero(kRetired, micros(facts.retired))
      .number_unless_zero(kSeenSince, micros(facts.seen_since))
      .text(kPublish, facts.publish)
      .text_unless_empty(kNonce, key.nonce)
      .text_unless_empty(kSealed, key.sealed)
      .text_unless_empty(kSecretId, key.secret_id)
      .unknown(key.unknown);
  return out;
}

Result<StoredKey> decode(std::string_view value) {
  StoredKey out;
  record::Reader in{value, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case kKind:
      case kBits:
      case kState:
      case kCreated:
      case kActivated:
      case kRetired:
      case kSeenSince:
      case kPublish:   take_fact(in, out.facts); break;
      case kNonce:     out.nonce = in.text(); break;
      case kSealed:    out.sealed = in.text(); break;
      case kSecretId:  out.secret_id = in.text(); break;
      default:         in.keep(out.unknown);
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

}  // namespace postern::signing
