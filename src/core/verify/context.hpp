#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kv/engine.hpp"
#include "layout/spaces.hpp"
#include "verify/verify.hpp"
#include "vocab/ids.hpp"

namespace postern::verify {

/// Somebody needs a body: an account, or the queue (account 0).
struct BodyRef {
  BlobId blob{};
  AccountId account;
  std::uint64_t size = 0;
};

/// What one space learns and another needs.
struct Context {
  Report report;
  /// Every account there is, and whether it is disabled: one whose removal was cut short is, and
  /// may have nothing any more.
  std::map<AccountId, bool> accounts;
  std::set<AccountId> removing;  ///< Their messages go slice by slice, and all else with them.
  std::vector<BodyRef> refs;
};

[[nodiscard]] std::string hex(std::uint64_t id);
[[nodiscard]] std::string hex(std::string_view bytes);
[[nodiscard]] std::string to_text(const BlobId& blob);
/// What a failed decoder says.
[[nodiscard]] std::string why(const Error& error);

/// format, space, shard or account, kind: how every key begins.
inline constexpr std::size_t kShardKindAt = 4;
inline constexpr std::size_t kAccountKindAt = 10;
/// The octet at `at`; 0, which no kind is, when the key is shorter.
[[nodiscard]] std::uint8_t octet(std::string_view key, std::size_t at);
/// A key that no release wrote.
void unknown_key(Context& context, std::string_view key);

}  // namespace postern::verify
