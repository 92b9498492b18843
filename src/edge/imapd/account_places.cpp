#include "imapd/account_places.hpp"

namespace postern::imapd {

std::shared_ptr<void> AccountPlaces::enter(AccountId account, std::uint32_t limit) {
  const auto state = state_;
  // Counted without a limit too: a reload may set one.
  const std::lock_guard lock{state->mutex};
  auto& count = state->counts[account];
  if (limit != 0 && count >= limit) return nullptr;
  ++count;
  return {state.get(), [state, account](void*) {
            const std::lock_guard leaving{state->mutex};
            const auto at = state->counts.find(account);
            if (--at->second == 0) state->counts.erase(at);
          }};
}

}  // namespace postern::imapd
