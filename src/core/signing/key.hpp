#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/signature.hpp"
#include "record/record.hpp"
#include "vocab/time.hpp"

// The keys with which our domains sign (RFC 6376 §3.6), and the life of one: it is made, waits
// until DNS shows it, signs, and is retired when its successor does.
namespace postern::signing {

enum class State : std::uint8_t {
  pending,  ///< Signs nothing yet: nobody could verify it.
  active,
  retired,  ///< Signs no more; what it signed may still be on its way, so it stays in DNS.
};
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] std::string_view to_string(crypto::KeyKind kind);

/// Why a key that is not retired cannot be used.
enum class Loss : std::uint8_t {
  none,
  other_secret,  ///< It is stored under another secret, or the secret is not there.
  damaged,       ///< The secret is the right one, and what is stored is not what was.
};
/// In words for people: "stored under another secret".
[[nodiscard]] std::string_view to_string(Loss loss);

/// Which key.
struct KeyName {
  std::string domain;    ///< A-label, lower case.
  std::string selector;  ///< Lower case.
  friend auto operator<=>(const KeyName&, const KeyName&) = default;
};

/// All that is known of a key but the key.
struct KeyFacts {
  crypto::KeyKind kind = crypto::KeyKind::rsa;
  unsigned bits = 0;
  State state = State::pending;
  Timestamp created{};
  Timestamp activated{};   ///< Zero: never.
  Timestamp retired{};     ///< Zero: it is not.
  Timestamp seen_since{};  ///< When DNS was first found to show it; zero: it does not.
  std::string publish;     ///< What DNS must say at SELECTOR._domainkey.DOMAIN.

  friend bool operator==(const KeyFacts&, const KeyFacts&) = default;
};

/// As it is stored: docs/formats/keys.md, space `signing`.
struct StoredKey {
  KeyFacts facts;
  /// The private key (PKCS#8 PEM), encrypted under the installation's secret; empty once retired.
  std::string nonce;
  std::string sealed;
  std::string secret_id;  ///< Of the secret: see secret.hpp.
  record::Unknown unknown;

  friend bool operator==(const StoredKey&, const StoredKey&) = default;
};

}  // namespace postern::signing
