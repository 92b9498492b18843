#include "imap/list_match.hpp"

#include <utility>

#include "text/ascii.hpp"

namespace postern::imap {
namespace {

constexpr std::size_t kWord = 64;

void set_bit(std::vector<std::uint64_t>& bits, std::size_t at) {
  bits[at / kWord] |= std::uint64_t{1} << (at % kWord);
}

bool test_bit(const std::vector<std::uint64_t>& bits, std::size_t at) {
  return ((bits[at / kWord] >> (at % kWord)) & 1U) != 0;
}

/// Runs of wildcards become one: `*` if there is one among them. `close` relies on it.
std::string without_wildcard_runs(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) {
    const bool wild = c == '*' || c == '%';
    if (!wild || out.empty() || (out.back() != '*' && out.back() != '%')) {
      out.push_back(c);
    } else if (c == '*') {
      out.back() = c;
    }
  }
  return out;
}

}  // namespace

ListPattern::ListPattern(std::string_view pattern, char delimiter)
    : pattern_{pattern.size() <= kMaxLength ? without_wildcard_runs(pattern) : std::string{}},
      delimiter_{delimiter},
      too_long_{pattern.size() > kMaxLength} {
  constexpr std::string_view kInbox = "INBOX";
  if (text::istarts_with(pattern_, kInbox) &&
      (pattern_.size() == kInbox.size() || pattern_[kInbox.size()] == delimiter))
    pattern_.replace(0, kInbox.size(), kInbox);
  // "if the uppercase string INBOX matches the interpreted pattern" (RFC 3501 §6.3.8), and the
  // name itself has no case: so both sides in capitals.
  const std::string as_written = std::exchange(pattern_, text::upper(pattern_));
  compile();
  matches_inbox_ = !too_long_ && run(kInbox);
  if (pattern_ == as_written) return;
  pattern_ = as_written;
  compile();
}

void ListPattern::compile() {
  words_ = pattern_.size() / kWord + 1;
  class_of_.fill(0);
  advance_.assign(1, Bits(words_));
  any_.assign(words_, 0);
  level_.assign(words_, 0);
  has_wildcard_ = false;
  for (std::size_t i = 0; i < pattern_.size(); ++i) {
    const char c = pattern_[i];
    if (c == '*' || c == '%') {
      has_wildcard_ = true;
      set_bit(c == '*' ? any_ : level_, i);
      continue;
    }
    auto& row = class_of_[static_cast<unsigned char>(c)];
    if (row == 0) {
      row = static_cast<std::uint16_t>(advance_.size());
      advance_.emplace_back(words_);
    }
    set_bit(advance_[row], i);
  }
}

/// A wildcard may match nothing. Two never stand together, so one step closes the set.
void ListPattern::close(Bits& states) const {
  std::uint64_t carry = 0;
  for (std::size_t w = 0; w < words_; ++w) {
    const std::uint64_t wild = states[w] & (any_[w] | level_[w]);
    states[w] |= (wild << 1U) | carry;
    carry = wild >> (kWord - 1);
  }
}

void ListPattern::step(Bits& states, unsigned char octet) const {
  const bool is_delimiter = octet == static_cast<unsigned char>(delimiter_);
  const auto& row = advance_[class_of_[octet]];
  std::uint64_t carry = 0;
  for (std::size_t w = 0; w < words_; ++w) {
    const std::uint64_t passing = states[w] & row[w];
    const std::uint64_t staying = states[w] & (any_[w] | (is_delimiter ? 0 : level_[w]));
    states[w] = (passing << 1U) | carry | staying;
    carry = passing >> (kWord - 1);
  }
  close(states);
}

bool ListPattern::run(std::string_view name) const {
  Bits states(words_);
  set_bit(states, 0);
  close(states);
  for (const char c : name) step(states, static_cast<unsigned char>(c));
  return test_bit(states, pattern_.size());
}

bool ListPattern::matches(std::string_view name) const {
  if (too_long_) return false;
  if (name == "INBOX") return matches_inbox_;
  if (!has_wildcard_) return name == pattern_;
  return run(name);
}

}  // namespace postern::imap
