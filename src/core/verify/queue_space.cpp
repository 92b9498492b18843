#include "verify/queue_space.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "layout/records.hpp"
#include "queue/codec.hpp"
#include "record/key.hpp"

namespace postern::verify {
namespace {

using layout::QueueKind;

std::string where(QueueId id) {
  return "queued message " + hex(id.value());
}

}  // namespace

void QueueSpace::take(const kv::Pair& pair) {
  switch (static_cast<QueueKind>(octet(pair.key, kShardKindAt))) {
    case QueueKind::message:    return take_message(pair);
    case QueueKind::due:        return take_due(pair);
    case QueueKind::blob_count: return take_blob_count(pair);
    case QueueKind::order:      return take_order(pair);
  }
  unknown_key(context_, pair.key);
}

void QueueSpace::take_message(const kv::Pair& pair) {
  const auto id = queue::parse_message_key(pair.key);
  if (!id) return unknown_key(context_, pair.key);
  ++context_.report.counts.queued;
  const auto message = queue::decode_message(*id, pair.value);
  if (!message) return context_.report.add(where(*id), why(message.error()));
  messages_.emplace(*id, Waiting{.due = message->due, .held = message->held});
  bodies_.push_back({.blob = message->blob, .account = {}, .size = message->body_size});
  if (message->recipients.empty()) context_.report.add(where(*id), "has no recipients");
}

/// Due entries come after all messages.
void QueueSpace::take_due(const kv::Pair& pair) {
  const auto entry = queue::parse_due_key(pair.key);
  if (!entry) return unknown_key(context_, pair.key);
  const auto [due, id] = *entry;
  const auto found = messages_.find(id);
  if (found == messages_.end())
    return context_.report.add(where(id), "is due, and cannot be read or does not exist");
  ++found->second.indexed;
  // What is put on hold while it is being tried moves to the end of time when that is over.
  const bool on_hold = found->second.held && due == queue::kHeldDue;
  if (found->second.due != due && !on_hold)
    context_.report.add(where(id), "is indexed for another time than its own");
}

void QueueSpace::take_blob_count(const kv::Pair& pair) {
  record::KeyReader in{std::string_view{pair.key}.substr(kShardKindAt + 1)};
  const auto blob = in.blob();
  if (!in.finish()) return unknown_key(context_, pair.key);
  const auto count = layout::decode_count(pair.value);
  if (!count) return context_.report.add("key " + hex(pair.key), why(count.error()));
  counts_.emplace(blob, *count);
}

/// Orders come after all messages.
void QueueSpace::take_order(const kv::Pair& pair) {
  const auto id = queue::parse_order_key(pair.key);
  if (!id) return unknown_key(context_, pair.key);
  const auto order = queue::decode_order(pair.value);
  if (!order) context_.report.add(where(*id), "an order about it: " + why(order.error()));
  if (!messages_.contains(*id))
    context_.report.add(where(*id), "has an order, and cannot be read or does not exist");
}

void QueueSpace::finish_bodies() {
  std::ranges::sort(bodies_, {}, &BodyRef::blob);
  for (auto first = bodies_.begin(); first != bodies_.end();) {
    const auto last = std::find_if(first, bodies_.end(),
                                   [&](const BodyRef& one) { return one.blob != first->blob; });
    const auto sharing = static_cast<std::uint64_t>(last - first);
    const auto counted = counts_.find(first->blob);
    const std::uint64_t says = counted == counts_.end() ? 1 : counted->second;
    if (says != sharing) {
      context_.report.add(
          "body " + to_text(first->blob),
          fmt::format("says {} queued messages share it, and {} do", says, sharing));
    }
    if (counted != counts_.end()) counts_.erase(counted);
    context_.refs.push_back(*first);
    first = last;
  }
  for (const auto& [blob, count] : counts_)
    context_.report.add("body " + to_text(blob), "is counted, and no queued message has it");
}

void QueueSpace::finish() {
  for (const auto& [id, waiting] : messages_) {
    if (waiting.indexed == 0) context_.report.add(where(id), "is never due");
    if (waiting.indexed > 1) context_.report.add(where(id), "is due more than once");
  }
  finish_bodies();
}

}  // namespace postern::verify
