// What people may do with the queue: row D7.
#include <algorithm>
#include <utility>

#include "async/on_core.hpp"
#include "queue/codec.hpp"
#include "queue/stored_queue.hpp"
#include "record/key.hpp"
#include "vocab/try.hpp"

namespace postern::queue {
namespace {

bool is_address(const smtp::Address& address, std::string_view key) {
  return smtp::address_key(address) == key;
}

/// The filter with its address and domain in the form in which they are compared.
Queue::Filter canonical(Queue::Filter filter) {
  if (const auto domain = smtp::parse_domain(filter.domain, true)) filter.domain = domain->ascii;
  if (const auto address = smtp::parse_address(filter.address, {.utf8 = true}))
    filter.address = smtp::address_key(*address);
  return filter;
}

bool matches(const Message& message, const Queue::Filter& filter) {
  if (filter.id && *filter.id != message.id) return false;
  const auto& recipients = message.recipients;
  if (!filter.domain.empty() &&
      std::ranges::none_of(recipients, [&filter](const Recipient& recipient) {
        return recipient.state == RecipientState::waiting &&
               recipient.address.domain.ascii == filter.domain;
      })) {
    return false;
  }
  if (filter.address.empty()) return true;
  if (message.envelope.from && is_address(*message.envelope.from, filter.address)) return true;
  return std::ranges::any_of(recipients, [&filter](const Recipient& recipient) {
    return is_address(recipient.address, filter.address);
  });
}

Task<Result<Message>> read_message(std::shared_ptr<const kv::Reader> reader, QueueId id) {
  std::vector<std::string> keys{message_key(id)};
  POSTERN_CO_TRY(const auto values, co_await reader->get(std::move(keys)));
  const auto& value = values.front();
  if (!value) co_return fail(Errc::not_found);
  co_return decode_message(id, *value);
}

}  // namespace

Task<Result<std::vector<Message>>> StoredQueue::list(Filter filter, std::size_t limit) {
  co_return co_await on_core(core_.executor, list_here(std::move(filter), limit));
}
Task<Result<Message>> StoredQueue::show(QueueId id) {
  co_return co_await on_core(core_.executor, show_here(id));
}
Task<Result<std::size_t>> StoredQueue::hold(Filter filter, std::string why) {
  Change change = [this, why = std::move(why)](QueueId id) { return hold_one(id, why); };
  co_return co_await change_all(std::move(filter), std::move(change));
}
Task<Result<std::size_t>> StoredQueue::release(Filter filter) {
  Change change = [this](QueueId id) { return release_one(id); };
  co_return co_await change_all(std::move(filter), std::move(change));
}
Task<Result<std::size_t>> StoredQueue::retry_now(Filter filter) {
  Change change = [this](QueueId id) { return retry_one(id); };
  co_return co_await change_all(std::move(filter), std::move(change));
}
Task<Result<std::size_t>> StoredQueue::drop(Filter filter, std::string why) {
  Change change = [this, why = std::move(why)](QueueId id) { return drop_one(id, why); };
  co_return co_await change_all(std::move(filter), std::move(change));
}

Task<Result<std::size_t>> StoredQueue::change_all(Filter filter, Change change) {
  co_return co_await on_core(core_.executor, change_here(std::move(filter), std::move(change)));
}

Task<Result<Message>> StoredQueue::show_here(QueueId id) {
  const auto found = active_.find(id);
  if (found != active_.end()) co_return as_ordered(found->second->message);
  const auto settled = co_await journal_.appended();
  static_cast<void>(settled);
  POSTERN_CO_TRY(auto message, co_await read_message(engine_.tip(), id));
  co_return as_ordered(std::move(message));
}

/// Reads the records themselves: nothing but a person's question does.
Task<Result<std::vector<Message>>> StoredQueue::list_here(Filter filter, std::size_t limit) {
  const auto wanted = canonical(std::move(filter));
  std::vector<Message> out;
  if (wanted.id) {
    auto message = co_await show_here(*wanted.id);
    if (!message) {
      if (message.error().code == Errc::not_found) co_return out;
      co_return std::unexpected(std::move(message).error());
    }
    if (matches(*message, wanted)) out.push_back(*std::move(message));
    co_return out;
  }
  const auto settled = co_await journal_.appended();
  static_cast<void>(settled);
  kv::Range range{.begin = messages_prefix(), .end = record::prefix_end(messages_prefix())};
  for (bool more = true; more && out.size() < limit;) {
    POSTERN_CO_TRY(const auto page, co_await engine_.tip()->scan(range));
    for (const auto& pair : page.pairs) {
      const auto id = parse_message_key(pair.key);
      auto message = id ? decode_message(*id, pair.value) : fail(Errc::corrupt);
      if (message && matches(*message, wanted) && out.size() < limit)
        out.push_back(as_ordered(*std::move(message)));
    }
    more = kv::next_page(range, page);
  }
  co_return out;
}

Task<Result<std::vector<QueueId>>> StoredQueue::matching(Filter filter) {
  std::vector<QueueId> out;
  if (!filter.id && filter.domain.empty() && filter.address.empty()) {
    out.reserve(known_.size());
    for (const auto& [id, known] : known_) out.push_back(id);
    co_return out;
  }
  POSTERN_CO_TRY(const auto messages, co_await list_here(std::move(filter), SIZE_MAX));
  for (const auto& message : messages) out.push_back(message.id);
  co_return out;
}

/// Answers when the changes are on disk. Also when the queue does not run: the commands on a
/// stopped server.
Task<Result<std::size_t>> StoredQueue::change_here(Filter filter, Change change) {
  const bool alone = !working_;
  if (alone) {
    const bool loaded = co_await load_index();
    if (!loaded) co_return fail(Errc::unavailable, "the queue cannot be read");
    background_.spawn(journal_.run_writer());
    background_.spawn(journal_.run_syncer());
  }
  auto touched = co_await change_each(std::move(filter), std::move(change));
  if (alone) {
    journal_.stop();
    co_await background_.join();
  }
  co_return touched;
}

Task<Result<std::size_t>> StoredQueue::change_each(Filter filter, Change change) {
  const bool ordered = co_await load_orders();
  if (!ordered) co_return fail(Errc::unavailable, "the queue cannot be read");
  POSTERN_CO_TRY(const auto ids, co_await matching(std::move(filter)));
  std::size_t touched = 0;
  for (const auto id : ids) {
    const auto guard = co_await loading_.lock();
    POSTERN_CO_CHECK(co_await journal_.appended());
    if (!known_.contains(id)) continue;
    POSTERN_CO_TRY(const bool changed, co_await change(id));
    if (changed) ++touched;
  }
  kick();
  publish_stats();
  if (touched > 0) POSTERN_CO_CHECK(co_await journal_.durable());
  co_return touched;
}

Task<Result<bool>> StoredQueue::hold_one(QueueId id, std::string why) {
  const auto place = known_.at(id).place;
  if (place == Place::held || orders_.contains(id)) co_return false;
  if (place == Place::active) {
    // Attempts under way end; the round's end puts it on hold.
    give_order(id, {.kind = Order::Kind::hold, .why = std::move(why)});
    co_return true;
  }
  POSTERN_CO_TRY(auto message, co_await read_message(engine_.tip(), id));
  Active waiting;
  waiting.message = std::move(message);
  schedule_.erase(id);
  put_on_hold(waiting, std::move(why));
  co_return true;
}

Task<Result<bool>> StoredQueue::release_one(QueueId id) {
  if (order_for(id, Order::Kind::hold) != nullptr) {
    withdraw_order(id);
    co_return true;
  }
  if (known_.at(id).place != Place::held) co_return false;
  POSTERN_CO_TRY(auto message, co_await read_message(engine_.tip(), id));
  const auto now = core_.clock.now();
  message.held = false;
  message.held_why.clear();
  message.expires = std::max(message.expires, now + settings_.life);
  message.attempts = 0;
  for (auto& recipient : message.recipients) {
    if (recipient.state != RecipientState::failed || !recipient.notice_owed) continue;
    recipient.state = RecipientState::waiting;
    recipient.notice_owed = false;
  }
  Active released;
  released.message = std::move(message);
  --held_;
  trace_.add(released.news, event(released.message, trace::Kind::released), {});
  put_back(released, now);
  co_return true;
}

Task<Result<bool>> StoredQueue::retry_one(QueueId id) {
  if (known_.at(id).place == Place::held || orders_.contains(id)) co_return false;
  auto message = co_await show_here(id);
  const auto known = known_.find(id);
  if (!message || known == known_.end()) co_return false;
  for (const auto& recipient : message->recipients) {
    auto* const destination = destinations_.find(recipient.address.domain.ascii);
    if (destination != nullptr) destination->pace.forgive();
  }
  // What is in memory or put aside is due already, on disk too.
  if (known->second.place != Place::scheduled) co_return true;
  const auto now = core_.clock.now();
  message->due = now;
  kv::Batch batch;
  move_in_index(*message, now, batch);
  journal_.write(std::move(batch));
  schedule_.put(id, now);
  co_return true;
}

Task<Result<bool>> StoredQueue::drop_one(QueueId id, std::string why) {
  if (known_.at(id).place == Place::active) {
    give_order(id, {.kind = Order::Kind::drop, .why = std::move(why)});
    co_return true;
  }
  POSTERN_CO_TRY(auto message, co_await read_message(engine_.tip(), id));
  Active waiting;
  waiting.message = std::move(message);
  auto made = event(waiting.message, trace::Kind::dropped);
  made.fields.emplace_back("why", why);
  for (const auto& recipient : waiting.message.recipients) {
    if (recipient.state == RecipientState::waiting)
      made.fields.emplace_back("to", smtp::to_string(recipient.address));
  }
  trace_.add(waiting.news, made, {});
  const bool held = known_.at(id).place == Place::held;
  schedule_.erase(id);
  const bool removed = co_await remove(waiting);
  if (!removed) {
    if (!held) schedule_.put(id, core_.clock.now());
    co_return fail(Errc::unavailable);
  }
  if (held) --held_;
  co_return true;
}

}  // namespace postern::queue
