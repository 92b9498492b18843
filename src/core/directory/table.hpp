#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace postern::directory {

/// A map that is cheap to copy and then change in one place: buckets are shared between copies
/// until one of them writes. Copies may be read on any thread while none of them is changed.
template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<>>
class Table {
 public:
  /// Null if there is none; as long as this copy lives and is not changed.
  template <class Like>
  [[nodiscard]] const Value* find(const Like& key) const {
    const auto& bucket = buckets_.at(Hash{}(key) % kBuckets);
    if (!bucket) return nullptr;
    const auto at = bucket->find(key);
    return at == bucket->end() ? nullptr : &at->second;
  }
  void put(Key key, Value value) {
    auto& bucket = own(key);
    if (bucket.insert_or_assign(std::move(key), std::move(value)).second) ++size_;
  }
  void erase(const Key& key) { size_ -= own(key).erase(key); }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Calls `visit(key, value)` for all, in no order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& bucket : buckets_) {
      if (!bucket) continue;
      for (const auto& [key, value] : *bucket) visit(key, value);
    }
  }

 private:
  static constexpr std::size_t kBuckets = 256;
  using Bucket = std::unordered_map<Key, Value, Hash, Equal>;

  /// This copy's own bucket. Whoever changes a copy still holds the one it came from, so a bucket
  /// without a second owner is seen by nobody else.
  Bucket& own(const Key& key) {
    auto& bucket = buckets_.at(Hash{}(key) % kBuckets);
    if (!bucket) {
      bucket = std::make_shared<Bucket>();
    } else if (bucket.use_count() != 1) {
      bucket = std::make_shared<Bucket>(*bucket);
    }
    return *bucket;
  }

  std::array<std::shared_ptr<Bucket>, kBuckets> buckets_;
  std::size_t size_ = 0;
};

}  // namespace postern::directory
