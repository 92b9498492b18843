#include "mailauth/key_cache.hpp"

#include <algorithm>
#include <iterator>

#include "vocab/try.hpp"

namespace postern::mailauth {

KeyCache::KeyCache(std::size_t most) : most_{std::max<std::size_t>(most, 1)} {}

std::shared_ptr<const crypto::PublicKey> KeyCache::find(const Id& id) {
  const auto at = by_octets_.find(id);
  if (at == by_octets_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, at->second);
  return at->second->key;
}

Result<std::shared_ptr<const crypto::PublicKey>> KeyCache::get(crypto::KeyKind kind,
                                                               std::string_view octets) {
  {
    const std::lock_guard lock{mutex_};
    if (auto known = find({kind, octets})) return known;
  }
  POSTERN_TRY(auto made, crypto::PublicKey::of(kind, octets));
  auto key = std::make_shared<const crypto::PublicKey>(std::move(made));
  if (!key->usable() || octets.size() > kMaxOctets) return key;

  // Freed after the lock is gone.
  Entries leaving;
  Entries entering;
  entering.push_back({.kind = kind, .octets = std::string{octets}, .key = key});
  const std::lock_guard lock{mutex_};
  // Another thread may have made the same key meanwhile: all go on with the first.
  if (auto known = find({kind, octets})) return known;
  if (entries_.size() >= most_) {
    by_octets_.erase({entries_.back().kind, entries_.back().octets});
    leaving.splice(leaving.end(), entries_, std::prev(entries_.end()));
  }
  entries_.splice(entries_.begin(), entering);
  by_octets_.emplace(Id{kind, entries_.front().octets}, entries_.begin());
  return key;
}

std::size_t KeyCache::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

}  // namespace postern::mailauth
