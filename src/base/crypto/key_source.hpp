#pragma once

#include <memory>
#include <string_view>

#include "crypto/signature.hpp"
#include "vocab/result.hpp"

namespace postern::crypto {

/// Where those who verify get public keys from, if not by making each anew: somebody above who
/// keeps them. What it gives for some octets is what `PublicKey::of` makes of them, so that nobody
/// can tell but by the time it takes.
class KeySource {
 public:
  KeySource() = default;
  virtual ~KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;

  /// The key of such octets. Error `bad_syntax`: they are none. From any thread.
  [[nodiscard]] virtual Result<std::shared_ptr<const PublicKey>> get(KeyKind kind,
                                                                     std::string_view octets) = 0;
};

}  // namespace postern::crypto
