// What people ask for while attempts are under way. The message's record is the round's to write
// then, and for our own recipients it rides in delivery's commits: a second writer could take back
// what one of them says. So an order is a record of its own, on disk before the person is told OK;
// the commit that ends the round does it and takes it away. After a crash the first round of the
// message begins with it.
#include <utility>

#include "queue/codec.hpp"
#include "queue/stored_queue.hpp"
#include "record/key.hpp"

namespace postern::queue {

/// Once: from then on what is in memory is newer than what is on disk. No order is given before.
Task<bool> StoredQueue::load_orders() {
  const auto guard = co_await loading_.lock();
  if (orders_loaded_) co_return true;
  kv::Range range{.begin = orders_prefix(), .end = record::prefix_end(orders_prefix())};
  for (bool more = true; more;) {
    const auto page = co_await engine_.tip()->scan(range);
    if (!page) co_return false;
    for (const auto& pair : page->pairs) {
      const auto id = parse_order_key(pair.key);
      auto order = decode_order(pair.value);
      if (!order) {
        counts_.unreadable.fetch_add(1, std::memory_order_relaxed);
      } else if (id) {
        orders_.insert_or_assign(*id, *std::move(order));
      }
    }
    more = kv::next_page(range, *page);
  }
  orders_loaded_ = true;
  co_return true;
}

/// An older release, run in between, may have ended a message without its order.
void StoredQueue::forget_lost_orders() {
  std::vector<QueueId> lost;
  for (const auto& [id, order] : orders_) {
    if (!known_.contains(id)) lost.push_back(id);
  }
  for (const auto id : lost) withdraw_order(id);
}

/// A later order stands for an earlier one.
void StoredQueue::give_order(QueueId id, Order order) {
  kv::Batch batch;
  batch.put(order_key(id), encode(order));
  journal_.write(std::move(batch));
  orders_.insert_or_assign(id, std::move(order));
}

/// It is done, in `batch`.
void StoredQueue::close_order(QueueId id, kv::Batch& batch) {
  if (orders_.erase(id) != 0) batch.erase(order_key(id));
}

void StoredQueue::withdraw_order(QueueId id) {
  if (!orders_.contains(id)) return;
  kv::Batch batch;
  close_order(id, batch);
  journal_.write(std::move(batch));
}

/// Null: no such order. Valid till the next order.
const Order* StoredQueue::order_for(QueueId id, Order::Kind kind) const {
  const auto found = orders_.find(id);
  return found != orders_.end() && found->second.kind == kind ? &found->second : nullptr;
}

/// False: nothing of it begins any more; its round ends.
bool StoredQueue::may_be_tried(const Message& message) const {
  return !message.held && !orders_.contains(message.id);
}

/// As people are shown it: what they ordered counts as done.
Message StoredQueue::as_ordered(Message message) const {
  if (const auto* const hold = order_for(message.id, Order::Kind::hold)) {
    message.held = true;
    message.held_why = hold->why;
  }
  return message;
}

}  // namespace postern::queue
