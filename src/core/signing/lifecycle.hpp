#pragma once

#include <string>
#include <vector>

#include "signing/key.hpp"
#include "vocab/time.hpp"

// When keys begin and cease to sign, as pure decisions about what is known of them.
namespace postern::signing {

struct Schedule {
  /// An active key this old gets a successor. Zero: never.
  Duration rotate_after = std::chrono::days{180};
  /// A key signs only after DNS has shown it for so long: name servers are not all equally quick.
  Duration settle = std::chrono::hours{1};
  /// A retired key stays in DNS for so long: what it signed may wait in queues (5 days), and be
  /// verified by who reads it.
  Duration linger = std::chrono::days{14};
  Duration look_pending = std::chrono::minutes{10};  ///< How often DNS is asked for a key.
  Duration look_active = std::chrono::days{1};
};

struct Known {
  KeyName name;
  KeyFacts facts;
};

/// What is to be done now.
struct Step {
  enum class Kind : std::uint8_t {
    make,      ///< A successor for `name` (a new selector): pending, to be published.
    activate,  ///< Those of its kind and domain that sign are retired in the same commit.
    erase,     ///< Its record may leave DNS as well.
  };
  Kind kind = Kind::make;
  KeyName name;
  friend bool operator==(const Step&, const Step&) = default;
};

[[nodiscard]] std::vector<Step> due(const std::vector<Known>& keys, Timestamp now,
                                    const Schedule& schedule);

/// Whether DNS should be asked for it now.
/// `looked`: when it last was; zero: never.
[[nodiscard]] bool look_is_due(const KeyFacts& facts, Timestamp looked, Timestamp now,
                               const Schedule& schedule);

/// Whether no other key of its domain and kind that signs or waits was made later: an older one
/// must not take over from it.
[[nodiscard]] bool is_youngest(const std::vector<Known>& keys, const Known& key);

/// Those that sign for the domain and are of that kind, but for `successor`.
[[nodiscard]] std::vector<KeyName> predecessors(const std::vector<Known>& keys,
                                                const KeyName& successor);

/// A selector that the domain does not have yet: "20261121r", "20261121r2", ...; `e` for Ed25519.
[[nodiscard]] std::string new_selector(const std::vector<Known>& keys, const std::string& domain,
                                       crypto::KeyKind kind, Timestamp now);

}  // namespace postern::signing
