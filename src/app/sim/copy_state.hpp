#pragma once

#include <cstdint>
#include <span>

#include "store/flags.hpp"

// What one copy of a message in one mailbox may be like. Five flags are followed: 32 ways to be
// there, and one to be gone. What is known is a set of such states: an operation whose outcome is
// not known yet leaves both what was and what it would make of it.
namespace postern::sim {

/// 0..31: there, with these flags; kGone.
using State = std::uint8_t;
/// A set of states, bit by bit.
using States = std::uint64_t;

inline constexpr State kGone = 32;
inline constexpr State kSeen = 1;
inline constexpr State kAnswered = 2;
inline constexpr State kFlagged = 4;
inline constexpr State kDeleted = 8;
inline constexpr State kKeyword = 16;  ///< The keyword below.
inline constexpr char kKeywordName[] = "$Sim";

[[nodiscard]] constexpr States only(State state) {
  return States{1} << state;
}
inline constexpr States kAnyFlags = only(kGone) - 1;

/// What an operation does to a copy.
struct Change {
  enum class Kind : std::uint8_t { none, add, remove, replace, expunge, vanish };
  Kind kind = Kind::none;
  State flags = 0;

  [[nodiscard]] State of(State state) const;
  [[nodiscard]] States of(States states) const;
  /// Those of `states` that it leaves as they are.
  [[nodiscard]] States untouched(States states) const;
};

/// All that may come of `states` when each of `changes` happens at any time, or not.
[[nodiscard]] States closure(States states, std::span<const Change> changes);

/// Between flags as the store has them and a state.
[[nodiscard]] State to_state(store::Flags flags, const store::Keywords& keywords);
[[nodiscard]] store::NamedFlags to_flags(State state);

}  // namespace postern::sim
