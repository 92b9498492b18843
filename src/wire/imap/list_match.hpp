#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::imap {

/// A pattern of LIST (RFC 9051 §6.3.9), reference already in front of it: `*` is any run of octets,
/// `%` any run without the delimiter. Compiled once, matched against many names.
///
/// All positions of the pattern are advanced together, one bit each, so that matching costs
/// octets(name) * octets(pattern) / 64 steps whatever the wildcards: no backtracking.
class ListPattern {
 public:
  /// Both UTF-8. A leading INBOX level matches in any case. A pattern longer than `kMaxLength`
  /// octets matches nothing.
  ListPattern(std::string_view pattern, char delimiter);

  static constexpr std::size_t kMaxLength = 4096;

  [[nodiscard]] bool matches(std::string_view name) const;
  /// The name itself if the pattern has no wildcard: LIST then needs no walk.
  [[nodiscard]] const std::string* literal() const { return has_wildcard_ ? nullptr : &pattern_; }

 private:
  using Bits = std::vector<std::uint64_t>;
  void compile();
  [[nodiscard]] bool run(std::string_view name) const;
  void step(Bits& states, unsigned char octet) const;
  void close(Bits& states) const;

  std::string pattern_;
  char delimiter_;
  bool has_wildcard_ = false;
  bool matches_inbox_ = false;
  bool too_long_ = false;
  std::size_t words_ = 0;
  std::array<std::uint16_t, 256> class_of_{};  ///< Row of `advance_` for an octet; 0: none.
  std::vector<Bits> advance_;                  ///< Positions that an octet of this class passes.
  Bits any_;                                   ///< Positions of `*`.
  Bits level_;                                 ///< Positions of `%`.
};

}  // namespace postern::imap
