#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vocab/ids.hpp"
#include "vocab/result.hpp"

// Ordered keys. Bytes compare as the fields do, in their order:
//
//   key = format:1 space:1 (shard:2 | account:8) kind:1 field* [text]
//
// Numbers are fixed-width big-endian; text, if any, comes last and needs no length. Which spaces
// carry an account and which a shard, and every kind, stands in docs/formats/keys.md.
namespace postern::record {

/// The first byte of every key.
inline constexpr std::uint8_t kKeyFormat = 1;

/// Builds a key or the prefix of a range.
class KeyWriter {
 public:
  /// A key of the account; its number leads, so an account is one range of its space.
  KeyWriter(std::uint8_t space, AccountId account, std::uint8_t kind) {
    u8(kKeyFormat).u8(space).u64(account.value()).u8(kind);
  }
  /// A key of no account.
  KeyWriter(std::uint8_t space, std::uint16_t shard, std::uint8_t kind) {
    u8(kKeyFormat).u8(space).u16(shard).u8(kind);
  }
  /// Everything of the account in the space.
  static std::string account_prefix(std::uint8_t space, AccountId account);
  /// Everything of the shard in the space.
  static std::string shard_prefix(std::uint8_t space, std::uint16_t shard);

  KeyWriter& u8(std::uint8_t value) { return fixed(value, 1); }
  KeyWriter& u16(std::uint16_t value) { return fixed(value, 2); }
  KeyWriter& u32(std::uint32_t value) { return fixed(value, 4); }
  KeyWriter& u64(std::uint64_t value) { return fixed(value, 8); }
  /// Signed, ordered: the sign bit is flipped.
  KeyWriter& i64(std::int64_t value) {
    return u64(static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63U));
  }
  KeyWriter& blob(const BlobId& id);
  /// The end of the key; nothing may follow.
  KeyWriter& text(std::string_view bytes) {
    key_ += bytes;
    return *this;
  }

  [[nodiscard]] std::string done() const& { return key_; }
  [[nodiscard]] std::string done() && { return std::move(key_); }

 private:
  KeyWriter() = default;
  KeyWriter& fixed(std::uint64_t value, unsigned bytes);
  std::string key_;
};

/// Takes a key apart from the front. Reading beyond its end gives zeros and makes `finish` fail.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : rest_{key} {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64() ^ (std::uint64_t{1} << 63U)); }
  AccountId account() { return AccountId{u64()}; }
  BlobId blob();
  /// All that is left: a view into the key.
  std::string_view text();
  /// Steps over a prefix that is known; a fault if it is not there.
  KeyReader& skip(std::string_view prefix);

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// `corrupt` if the key was too short, too long or did not begin as asked.
  [[nodiscard]] Result<void> finish() const;

 private:
  std::uint64_t fixed(std::size_t bytes);
  std::string_view rest_;
  bool faulty_ = false;
};

/// The smallest key above every key that begins with `prefix`: the end of its range. Empty when
/// there is none (the prefix is empty or all 0xff, which no key of ours is).
[[nodiscard]] std::string prefix_end(std::string_view prefix);

}  // namespace postern::record
