#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::store {

/// The flags of one message in one mailbox: system flags (RFC 9051 §2.3.2) in the low bits, the
/// mailbox's keywords above them.
struct Flags {
  static constexpr std::uint64_t kSeen = 1;
  static constexpr std::uint64_t kAnswered = 2;
  static constexpr std::uint64_t kFlagged = 4;
  static constexpr std::uint64_t kDeleted = 8;
  static constexpr std::uint64_t kDraft = 16;
  static constexpr std::uint64_t kSystem = 31;
  static constexpr unsigned kFirstKeyword = 8;
  static constexpr unsigned kMaxKeywords = 64 - kFirstKeyword;

  std::uint64_t bits = 0;

  [[nodiscard]] constexpr bool has(std::uint64_t mask) const { return (bits & mask) == mask; }
  friend constexpr bool operator==(Flags, Flags) = default;
};

/// Flags by name, before a mailbox's keyword table is known. Keywords keep the case in which they
/// first came and compare without case.
struct NamedFlags {
  std::uint64_t system = 0;  ///< Flags::kSeen...
  std::vector<std::string> keywords;
};

/// A mailbox's keywords; position i stands for bit kFirstKeyword + i. Only ever grows.
using Keywords = std::vector<std::string>;

/// The bit of `keyword`, if the table has it.
[[nodiscard]] std::optional<std::uint64_t> keyword_bit(const Keywords& table,
                                                       std::string_view keyword);
/// The names behind `flags`.
[[nodiscard]] NamedFlags to_names(Flags flags, const Keywords& table);

}  // namespace postern::store
