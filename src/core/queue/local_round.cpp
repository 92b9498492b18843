// Rounds begin with the recipients that are ours.
#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

#include "queue/codec.hpp"
#include "queue/stored_queue.hpp"
#include "vocab/try.hpp"

namespace postern::queue {

Attempt all_deferred(std::size_t count, std::string why) {
  Attempt out;
  out.outcomes.resize(count);
  for (auto& outcome : out.outcomes) {
    outcome.status = "4.3.0";
    outcome.text = why;
  }
  return out;
}

void StoredQueue::start_local() {
  while (!stopping_ && !local_ready_.empty() && local_running_ < settings_.workers) {
    Active& active = *local_ready_.front();
    local_ready_.pop_front();
    ++local_running_;
    attempts_.spawn(local_turn(active));
  }
}

Task<> StoredQueue::local_turn(Active& active) {
  co_await asio::post(core_.executor, use_task);
  const auto id = active.message.id;
  try {
    co_await local_first(active);
  } catch (const std::exception&) {
    ++counts_.bugs;
    // Nothing is written: what is on disk may be newer than what is known here.
    const auto found = active_.find(id);
    if (found != active_.end() && found->second->open == 0) set_aside(id, kAfterBug);
  }
  --local_running_;
  start_local();
  pump();
}

/// Ours come first and alone, because their commit carries the message's record. A stop comes
/// between two domains; what was not tried is tried after the next start.
Task<> StoredQueue::local_first(Active& active) {
  std::unordered_map<std::string, std::vector<std::size_t>> groups;
  const auto& recipients = active.message.recipients;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (recipients.at(i).state != RecipientState::waiting) continue;
    groups[recipients.at(i).address.domain.ascii].push_back(i);
  }
  for (auto& [domain, indexes] : groups) {
    if (!may_be_tried(active.message)) {
      active.open = 1;
      co_await finish_group(active);
      co_return;
    }
    const bool ours = co_await local_->is_local(domain);
    if (stopping_) {
      write_record(active);
      co_return;
    }
    if (!ours) continue;
    for (const auto index : indexes) active.tried.at(index) = true;
    for (std::size_t at = 0; at < indexes.size(); at += LocalDelivery::kMaxRecipients) {
      const auto begin = indexes.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(LocalDelivery::kMaxRecipients, indexes.size() - at);
      const std::vector<std::size_t> some(begin, begin + static_cast<std::ptrdiff_t>(count));
      const bool known = co_await attempt_local(active, domain, some);
      if (!known) co_return;
    }
  }
  enqueue(active);
}

/// False if the message is not for this round any more: nobody knows what is on disk at a stop, or
/// nothing useful is there (see `read_again`). Then `active` may be gone.
Task<bool> StoredQueue::attempt_local(Active& active, std::string domain,
                                      std::vector<std::size_t> recipients) {
  // Not only appended: what the journal has of this message and is not on disk would be written
  // again after a failure of the engine, over the record that the delivery's commit carries.
  const auto settled = co_await journal_.durable();
  Attempt result = all_deferred(recipients.size(), "the store takes no changes now");
  if (settled) {
    try {
      Job job = make_job(active, domain, recipients);
      Settle settle_these = [this, &active,
                             &recipients](const std::vector<RecipientOutcome>& outcomes) {
        return settle(active, recipients, outcomes);
      };
      result = co_await local_->attempt_local(std::move(job), std::move(settle_these));
    } catch (const std::exception&) {
      ++counts_.bugs;
      result = all_deferred(recipients.size(), "delivery failed unexpectedly");
      result.unknown = true;
    }
  }
  if (result.unknown) {
    const bool read = co_await read_again(active);
    if (!read) co_return false;
  }
  note_steps(active.message, domain, result);
  apply(active, recipients, result);
  co_return true;
}

/// Makes the recipients in memory what they are on disk, as soon as that can be known. False: the
/// queue stops; or there is no record, because the commit that brought the message was lost and its
/// sender was told so; or it cannot be read.
Task<bool> StoredQueue::read_again(Active& active) {
  while (!stopping_) {
    auto stored = co_await durable_record(active.message.id);
    if (stored && stored->recipients.size() == active.message.recipients.size()) {
      active.message.recipients = std::move(stored->recipients);
      co_return true;
    }
    const auto why = stored ? Errc::corrupt : stored.error().code;
    if (why == Errc::not_found) {
      forget(active.message.id);
      co_return false;
    }
    if (why == Errc::corrupt) {
      counts_.unreadable.fetch_add(1, std::memory_order_relaxed);
      set_aside(active.message.id, kUnreadableAgain);
      co_return false;
    }
    co_await wake_.wait_for(core_.timers, Journal::kLookAgain);
  }
  co_return false;
}

/// The record as it is once all that was ordered so far is on disk, or known to be lost.
Task<Result<Message>> StoredQueue::durable_record(QueueId id) {
  const auto ticket = engine_.tip()->ticket();
  const auto done = co_await engine_.durable(ticket);
  if (!done) co_return fail(Errc::unavailable);  // whatever it says: not of this record
  if (engine_.health() == kv::Health::read_only) co_return fail(Errc::unavailable);
  std::vector<std::string> keys{message_key(id)};
  const auto reader = engine_.published();
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(keys)));
  const auto& value = found.at(0);
  if (!value) co_return fail(Errc::not_found);
  auto message = decode_message(id, *value);
  if (!message) co_return fail(Errc::corrupt);
  co_return message;
}

}  // namespace postern::queue
