#include "store/shard.hpp"

#include <iterator>

namespace postern::store {
namespace {

/// Accounts without anything under way that are kept for the next use.
constexpr std::size_t kKeep = 10'000;

}  // namespace

Shard::Pin Shard::pin(AccountId id) {
  const auto found = accounts_.find(id);
  if (found != accounts_.end()) {
    used_.splice(used_.begin(), used_, found->second.used);
    return Pin{*found->second.account};
  }
  for (auto it = used_.end(); accounts_.size() >= kKeep && it != used_.begin();) {
    --it;
    const auto oldest = accounts_.find(*it);
    if (!oldest->second.account->idle()) continue;
    accounts_.erase(oldest);
    it = used_.erase(it);
  }
  used_.push_front(id);
  auto& slot = accounts_[id];
  slot = {.account = std::make_unique<Account>(id, engine_, core_), .used = used_.begin()};
  return Pin{*slot.account};
}

void Shard::trim_views() {
  std::uint64_t bytes = 0;
  for (const auto id : used_) {
    auto& account = *accounts_.at(id).account;
    if (account.view_count() == 0) continue;
    bytes += account.view_bytes();
    // The one in use now keeps its views, however large.
    if (bytes > view_bytes_ && id != used_.front()) account.drop_views();
  }
}

Shard::Stats Shard::stats() const {
  Stats out{.accounts = accounts_.size()};
  for (const auto& [id, slot] : accounts_) {
    out.views += slot.account->view_count();
    out.view_bytes += slot.account->view_bytes();
  }
  return out;
}

}  // namespace postern::store
