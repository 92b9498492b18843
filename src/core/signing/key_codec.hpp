#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "signing/key.hpp"
#include "vocab/result.hpp"

// Records of space `signing` (docs/formats/keys.md).
namespace postern::signing {

[[nodiscard]] std::string record_key(const KeyName& name);
/// Every key record begins with it.
[[nodiscard]] std::string record_prefix();
/// Nothing: no such key.
[[nodiscard]] std::optional<KeyName> name_of(std::string_view record_key);

[[nodiscard]] std::string encode(const StoredKey& key);
/// Errors: `corrupt`, `unsupported` (of a later release).
[[nodiscard]] Result<StoredKey> decode(std::string_view value);

}  // namespace postern::signing
