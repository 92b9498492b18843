#include "kv/memory_table.hpp"

#include <algorithm>

namespace postern::kv {

MemoryTable::MemoryTable(const MemoryDisk& disk) {
  for (const auto& [key, value] : disk) keys_[key].push_back({Ticket{0}, value});
}

void MemoryTable::write(const std::string& key, std::optional<std::string> value, Ticket ticket) {
  auto& versions = keys_[key];
  if (!versions.empty() && versions.back().ticket == ticket) {
    versions.back().value = std::move(value);
    return;
  }
  versions.push_back({ticket, std::move(value)});
  touched_.emplace_back(ticket, key);
}

void MemoryTable::erase_range(const Batch::Op& op, Ticket ticket) {
  if (op.key >= op.value) return;
  const auto end = keys_.lower_bound(op.value);
  for (auto it = keys_.lower_bound(op.key); it != end; ++it)
    if (value_at(it->second, ticket) != nullptr) write(it->first, std::nullopt, ticket);
}

void MemoryTable::apply(const Batch& batch, Ticket ticket) {
  for (const auto& op : batch.ops()) switch (op.kind) {
      case Batch::Kind::put:         write(op.key, op.value, ticket); break;
      case Batch::Kind::erase:       write(op.key, std::nullopt, ticket); break;
      case Batch::Kind::erase_range: erase_range(op, ticket); break;
    }
}

void MemoryTable::roll_back(Ticket ticket) {
  while (!touched_.empty() && touched_.back().first > ticket) {
    if (const auto it = keys_.find(touched_.back().second); it != keys_.end()) {
      std::erase_if(it->second, [&](const Version& version) { return version.ticket > ticket; });
      if (it->second.empty()) keys_.erase(it);
    }
    touched_.pop_back();
  }
}

const std::string* MemoryTable::value_at(const Versions& versions, Ticket at) {
  for (auto it = versions.rbegin(); it != versions.rend(); ++it)
    if (it->ticket <= at) return it->value ? &*it->value : nullptr;
  return nullptr;
}

std::optional<std::string> MemoryTable::get(const std::string& key, Ticket at) const {
  const auto it = keys_.find(key);
  if (it == keys_.end()) return std::nullopt;
  const std::string* value = value_at(it->second, at);
  return value == nullptr ? std::nullopt : std::optional{*value};
}

Page MemoryTable::scan(const Range& range, Ticket at) const {
  Page page;
  if (range.begin >= range.end) return page;
  std::size_t bytes = 0;
  const auto take = [&](const std::string& key, const Versions& versions) {
    const std::string* value = value_at(versions, at);
    if (value == nullptr) return true;
    page.more = page.pairs.size() >= range.limit || bytes >= range.max_bytes;
    if (page.more) return false;
    bytes += key.size() + value->size();
    page.pairs.push_back({key, *value});
    return true;
  };
  const auto begin = keys_.lower_bound(range.begin);
  const auto end = keys_.lower_bound(range.end);
  if (range.backwards) {
    for (auto it = end; it != begin;) {
      --it;
      if (!take(it->first, it->second)) break;
    }
  } else {
    for (auto it = begin; it != end && take(it->first, it->second); ++it) {
    }
  }
  return page;
}

MemoryDisk MemoryTable::dump(Ticket at) const {
  MemoryDisk disk;
  for (const auto& [key, versions] : keys_)
    if (const std::string* value = value_at(versions, at))
      disk.emplace_hint(disk.end(), key, *value);
  return disk;
}

void MemoryTable::prune(Ticket published) {
  const Ticket oldest = pins_.empty() ? published : std::min(published, *pins_.begin());
  while (!touched_.empty() && touched_.front().first <= oldest) {
    const auto it = keys_.find(touched_.front().second);
    touched_.pop_front();
    if (it == keys_.end()) continue;
    auto& versions = it->second;
    // The last version that the oldest state shows stays, and all after it.
    const auto after = std::ranges::find_if(
        versions, [&](const Version& version) { return version.ticket > oldest; });
    if (after != versions.begin()) versions.erase(versions.begin(), std::prev(after));
    const bool gone = versions.size() == 1 && !versions.front().value;
    if (gone && versions.front().ticket <= oldest) keys_.erase(it);
  }
}

}  // namespace postern::kv
