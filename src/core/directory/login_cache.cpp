#include "directory/login_cache.hpp"

#include <utility>

namespace postern::directory {

bool LoginCache::knows(AccountId account, const std::shared_ptr<const Credential>& credential,
                       const crypto::Digest& digest, Instant now) const {
  const std::scoped_lock lock{mutex_};
  const auto at = entries_.find(account);
  return at != entries_.end() && now < at->second.expires && at->second.credential == credential &&
         crypto::equal_constant_time(crypto::view(at->second.digest), crypto::view(digest));
}

void LoginCache::remember(AccountId account, std::shared_ptr<const Credential> credential,
                          const crypto::Digest& digest, Instant now) {
  const std::scoped_lock lock{mutex_};
  if (entries_.size() >= kMaxEntries && !entries_.contains(account)) make_room(now);
  entries_.insert_or_assign(
      account,
      Entry{.credential = std::move(credential), .digest = digest, .expires = now + life_});
}

void LoginCache::make_room(Instant now) {
  std::erase_if(entries_, [now](const auto& one) { return one.second.expires <= now; });
  // All of them still good: starting afresh costs one Argon2 each, spread over the next logins.
  if (entries_.size() >= kMaxEntries) entries_.clear();
}

}  // namespace postern::directory
