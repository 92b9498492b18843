#include "sim/copy_state.hpp"

namespace postern::sim {

State Change::of(State state) const {
  if (state == kGone) return kGone;
  switch (kind) {
    case Kind::none:    return state;
    case Kind::add:     return static_cast<State>(state | flags);
    case Kind::remove:  return static_cast<State>(state & ~unsigned{flags});
    case Kind::replace: return flags;
    case Kind::expunge: return (state & kDeleted) != 0 ? kGone : state;
    case Kind::vanish:  return kGone;
  }
  return state;
}

States Change::of(States states) const {
  States out = 0;
  for (State state = 0; state <= kGone; ++state)
    if ((states & only(state)) != 0) out |= only(of(state));
  return out;
}

States Change::untouched(States states) const {
  States out = 0;
  for (State state = 0; state <= kGone; ++state)
    if ((states & only(state)) != 0 && of(state) == state) out |= only(state);
  return out;
}

States closure(States states, std::span<const Change> changes) {
  for (;;) {
    States wider = states;
    for (const auto& change : changes) wider |= change.of(wider);
    if (wider == states) return states;
    states = wider;
  }
}

State to_state(store::Flags flags, const store::Keywords& keywords) {
  const auto bit = store::keyword_bit(keywords, kKeywordName);
  unsigned out = 0;
  if (flags.has(store::Flags::kSeen)) out |= kSeen;
  if (flags.has(store::Flags::kAnswered)) out |= kAnswered;
  if (flags.has(store::Flags::kFlagged)) out |= kFlagged;
  if (flags.has(store::Flags::kDeleted)) out |= kDeleted;
  if (bit && flags.has(*bit)) out |= kKeyword;
  return static_cast<State>(out);
}

store::NamedFlags to_flags(State state) {
  store::NamedFlags out;
  if ((state & kSeen) != 0) out.system |= store::Flags::kSeen;
  if ((state & kAnswered) != 0) out.system |= store::Flags::kAnswered;
  if ((state & kFlagged) != 0) out.system |= store::Flags::kFlagged;
  if ((state & kDeleted) != 0) out.system |= store::Flags::kDeleted;
  if ((state & kKeyword) != 0) out.keywords.emplace_back(kKeywordName);
  return out;
}

}  // namespace postern::sim
