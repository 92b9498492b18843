#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imap/lexer.hpp"

// Sets of message numbers and UIDs (RFC 9051 §9 "sequence-set").
namespace postern::imap {

/// Both ends included; first <= last.
struct Range {
  std::uint32_t first;
  std::uint32_t last;
  friend bool operator==(const Range&, const Range&) = default;
};

/// Numbers as ranges in ascending order that neither touch nor overlap.
class RangeSet {
 public:
  RangeSet() = default;
  /// Sorts and merges; O(n log n).
  explicit RangeSet(std::vector<Range> ranges);

  [[nodiscard]] std::span<const Range> ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  /// How many numbers.
  [[nodiscard]] std::uint64_t count() const;
  /// O(log n).
  [[nodiscard]] bool contains(std::uint32_t number) const;
  /// `number` must be larger than all in the set: how results are gathered. O(1).
  void push_back(std::uint32_t number);

  friend bool operator==(const RangeSet&, const RangeSet&) = default;

 private:
  std::vector<Range> ranges_;
};

/// A set as the client wrote it: `*` is not a number until the mailbox is known.
struct SequenceSet {
  /// `*` in a Bound.
  static constexpr std::uint32_t kStar = 0;
  struct Bounds {
    std::uint32_t a;
    std::uint32_t b;
    friend bool operator==(const Bounds&, const Bounds&) = default;
  };

  /// `$`: the result of the last SEARCH RETURN (SAVE) (RFC 9051 §6.4.4.1); `bounds` is then empty.
  bool last_result = false;
  std::vector<Bounds> bounds;

  [[nodiscard]] bool has_star() const;
  /// The largest number written out, 0 if there is none: above the number of messages it makes the
  /// command BAD (RFC 9051 §9 "seq-number"); UIDs have no such limit.
  [[nodiscard]] std::uint32_t largest_number() const;
  /// With `*` standing for `largest` (0: nothing is there; then `*` is nothing at all).
  /// `3291:*` holds `largest` even if that is less than 3291. `$` resolves to nothing here.
  [[nodiscard]] RangeSet resolve(std::uint32_t largest) const;

  friend bool operator==(const SequenceSet&, const SequenceSet&) = default;
};

/// More ranges than a command line holds.
inline constexpr std::size_t kMaxRanges = 32'768;

[[nodiscard]] Parsed<SequenceSet> parse_sequence_set(Lexer& in);

/// `1:3,5`. An empty set prints nothing; the grammar has no word for it.
void append_ranges(std::string& out, const RangeSet& set);

}  // namespace postern::imap
