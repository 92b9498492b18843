#include "imap/sequence_set.hpp"

#include <algorithm>

#include "imap/print.hpp"

namespace postern::imap {
namespace {

Parsed<std::uint32_t> parse_bound(Lexer& in) {
  if (in.eat('*')) return SequenceSet::kStar;
  return in.nz_number<std::uint32_t>();
}

}  // namespace

RangeSet::RangeSet(std::vector<Range> ranges) : ranges_{std::move(ranges)} {
  std::ranges::sort(ranges_, {}, &Range::first);
  std::size_t kept = 0;
  for (const Range next : ranges_) {
    // 64 bits: a range may end at the largest number there is.
    if (kept > 0 && next.first <= std::uint64_t{ranges_[kept - 1].last} + 1) {
      ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, next.last);
    } else {
      ranges_[kept++] = next;
    }
  }
  ranges_.resize(kept);
}

std::uint64_t RangeSet::count() const {
  std::uint64_t n = 0;
  for (const auto& range : ranges_) n += std::uint64_t{range.last} - range.first + 1;
  return n;
}

bool RangeSet::contains(std::uint32_t number) const {
  const auto after = std::ranges::upper_bound(ranges_, number, {}, &Range::first);
  return after != ranges_.begin() && number <= std::prev(after)->last;
}

void RangeSet::push_back(std::uint32_t number) {
  if (!ranges_.empty() && std::uint64_t{ranges_.back().last} + 1 == number) {
    ranges_.back().last = number;
  } else {
    ranges_.push_back({number, number});
  }
}

bool SequenceSet::has_star() const {
  return std::ranges::any_of(bounds, [](const Bounds& b) { return b.a == kStar || b.b == kStar; });
}

std::uint32_t SequenceSet::largest_number() const {
  std::uint32_t largest = 0;
  for (const auto& b : bounds) largest = std::max({largest, b.a, b.b});
  return largest;
}

RangeSet SequenceSet::resolve(std::uint32_t largest) const {
  std::vector<Range> ranges;
  ranges.reserve(bounds.size());
  for (auto [a, b] : bounds) {
    if (a == kStar) a = largest;
    if (b == kStar) b = largest;
    if (a != 0 && b != 0) ranges.push_back({std::min(a, b), std::max(a, b)});
  }
  return RangeSet{std::move(ranges)};
}

Parsed<SequenceSet> parse_sequence_set(Lexer& in) {
  SequenceSet set;
  if (in.eat('$')) {
    set.last_result = true;
    return set;
  }
  do {
    if (set.bounds.size() == kMaxRanges) return bad("too many ranges");
    POSTERN_TRY(const auto a, parse_bound(in));
    auto b = a;
    if (in.eat(':')) {
      POSTERN_TRY(b, parse_bound(in));
    }
    set.bounds.push_back({a, b});
  } while (in.eat(','));
  return set;
}

void append_ranges(std::string& out, const RangeSet& set) {
  bool first = true;
  for (const auto& range : set.ranges()) {
    if (!first) out.push_back(',');
    first = false;
    append_number(out, range.first);
    if (range.last == range.first) continue;
    out.push_back(':');
    append_number(out, range.last);
  }
}

}  // namespace postern::imap
