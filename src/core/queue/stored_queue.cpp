#include "queue/stored_queue.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

#include "async/on_core.hpp"
#include "queue/codec.hpp"
#include "record/key.hpp"
#include "vocab/try.hpp"

namespace postern::queue {
namespace {

/// Ranges of the body, as ranges of the content, which begins with `before` octets more.
std::vector<Hidden> behind(std::vector<Hidden> ranges, std::uint64_t before) {
  for (auto& [begin, end] : ranges) {
    begin += before;
    end += before;
  }
  return ranges;
}

bool is_waiting(const Recipient& recipient) {
  return recipient.state == RecipientState::waiting;
}

}  // namespace

StoredQueue::StoredQueue(kv::Engine& engine, store::MailStore& store, trace::Log& trace, Core& core,
                         Settings settings)
    : engine_{engine},
      store_{store},
      trace_{trace},
      core_{core},
      settings_{std::move(settings)},
      journal_{engine, core,
               [this] {
                 reload_ = true;
                 kick();
               }},
      destinations_{Pace{settings_.per_destination_start, settings_.per_destination_max}},
      attempts_{core.executor, [this](std::exception_ptr) { ++counts_.bugs; }},
      background_{core.executor, [this](std::exception_ptr) { ++counts_.bugs; }} {}

QueueId StoredQueue::new_id() {
  std::uint64_t value = 0;
  while (value == 0) value = core_.random.u64();
  return QueueId{value};
}

void StoredQueue::add(kv::Batch& batch, const Message& message) const {
  batch.put(message_key(message.id), encode(message));
  batch.put(due_key(message.held ? kHeldDue : message.due, message.id), {});
}

void StoredQueue::committed(Message message) {
  asio::post(core_.executor,
             [this, message = std::move(message)]() mutable { accept(std::move(message)); });
}

void StoredQueue::stop() {
  asio::post(core_.executor, [this] {
    stopping_ = true;
    kick();
  });
}

void StoredQueue::kick() {
  kicked_ = true;
  wake_.notify_all();
}

Task<> StoredQueue::run(Transport& transport, SubmitNotice submit_notice) {
  co_await on_core(core_.executor, work(transport, std::move(submit_notice)));
}

Task<> StoredQueue::work(Transport& transport, SubmitNotice submit_notice) {
  transport_ = &transport;
  submit_notice_ = std::move(submit_notice);
  background_.spawn(journal_.run_writer());
  background_.spawn(journal_.run_syncer());
  reload_ = true;
  working_ = true;
  while (!stopping_) {
    if (reload_ || generation_ != engine_.generation()) {
      const bool loaded = co_await load_index();
      reload_ = !loaded;
    }
    co_await load_due();
    pump();
    destinations_.sweep(core_.clock.instant());
    if (!kicked_) co_await wake_.wait_for(core_.timers, time_to_wait());
    kicked_ = false;
  }
  co_await attempts_.join();
  journal_.stop();
  co_await background_.join();
  working_ = false;
}

Duration StoredQueue::time_to_wait() const {
  if (!journal_.healthy() || reload_) return Journal::kLookAgain;
  const auto next = schedule_.next();
  const Duration longest = std::chrono::hours{1};
  if (!next || active_.size() >= kMaxActive) return longest;
  return std::clamp(*next - core_.clock.now(), Duration{1}, longest);
}

/// Of a message that stands in the index by `due_key`, unless it is known.
void StoredQueue::learn(std::string_view due_key) {
  const auto entry = parse_due_key(due_key);
  if (!entry || known_.contains(entry->second)) return;
  const auto [due, id] = *entry;
  const bool held = due == kHeldDue;
  known_.emplace(id, Known{due, held ? Place::held : Place::scheduled});
  if (held) {
    ++held_;
  } else {
    schedule_.put(id, due);
  }
}

/// All that is on disk and not known yet. After a reopening that is what was committed in the very
/// moment of the failure.
Task<bool> StoredQueue::load_index() {
  const bool ordered = co_await load_orders();
  if (!ordered) co_return false;
  const auto settled = co_await journal_.appended();
  if (!settled) co_return false;
  generation_ = engine_.generation();
  kv::Range range{.begin = due_prefix(), .end = record::prefix_end(due_prefix())};
  for (bool more = true; more;) {
    const auto page = co_await engine_.tip()->scan(range);
    if (!page) co_return false;
    for (const auto& pair : page->pairs) learn(pair.key);
    more = kv::next_page(range, *page);
  }
  forget_lost_orders();
  publish_stats();
  co_return true;
}

Task<> StoredQueue::load_due() {
  for (bool more = true; more;) {
    if (stopping_ || !journal_.healthy() || active_.size() >= kMaxActive) co_return;
    more = co_await load_some();
    pump();
  }
}

/// False when there is nothing more to load now.
Task<bool> StoredQueue::load_some() {
  const auto guard = co_await loading_.lock();
  const auto now = core_.clock.now();
  std::vector<QueueId> ids;
  std::vector<std::string> keys;
  while (ids.size() < kLoadAtOnce) {
    const auto id = schedule_.take(now);
    if (!id) break;
    ids.push_back(*id);
    keys.push_back(message_key(*id));
  }
  if (ids.empty()) co_return false;
  const auto settled = co_await journal_.appended();
  auto values = co_await engine_.tip()->get(std::move(keys));
  if (!settled || !values || values->size() != ids.size()) {
    for (const auto id : ids) schedule_.put(id, now + Journal::kLookAgain);
    co_return false;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) load_one(ids.at(i), values->at(i));
  co_return true;
}

void StoredQueue::load_one(QueueId id, const std::optional<std::string>& value) {
  if (!value) return forget(id);
  auto message = decode_message(id, *value);
  if (message) {
    begin(*std::move(message));
    return;
  }
  counts_.unreadable.fetch_add(1, std::memory_order_relaxed);
  schedule_.put(id, core_.clock.now() + kUnreadableAgain);
}

void StoredQueue::accept(Message message) {
  if (stopping_ || known_.contains(message.id)) return;
  const auto id = message.id;
  if (message.held) {
    known_.emplace(id, Known{kHeldDue, Place::held});
    ++held_;
    publish_stats();
    return;
  }
  const auto due = message.due;
  known_.emplace(id, Known{due, Place::scheduled});
  if (working_ && due <= core_.clock.now() && active_.size() < kMaxActive && journal_.healthy()) {
    begin(std::move(message));
    pump();
  } else {
    schedule_.put(id, due);
    kick();
  }
}

/// The destination that has so many messages in memory that this one, which is for it alone, had
/// better wait on disk: others must get their turn.
Destination* StoredQueue::crowded(const Message& message) {
  const auto first = std::ranges::find_if(message.recipients, is_waiting);
  if (first == message.recipients.end()) return nullptr;
  Destination* const destination = destinations_.find(first->address.domain.ascii);
  if (destination == nullptr || destination->ready.size() < kMaxReady) return nullptr;
  const bool alone = std::ranges::all_of(message.recipients, [&](const Recipient& recipient) {
    return !is_waiting(recipient) || recipient.address.domain == first->address.domain;
  });
  return alone ? destination : nullptr;
}

void StoredQueue::begin(Message message) {
  const auto id = message.id;
  if (auto* const full = crowded(message)) {
    full->parked.push_back(id);
    known_.at(id).place = Place::parked;
    return;
  }
  known_.at(id).place = Place::active;
  auto made = std::make_unique<Active>();
  Active& active = *made;
  active.tried.resize(message.recipients.size());
  active.message = std::move(message);
  active_.insert_or_assign(id, std::move(made));
  if (local_ != nullptr) {
    local_ready_.push_back(&active);
    start_local();
  } else {
    enqueue(active);
  }
}

void StoredQueue::enqueue(Active& active) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> groups;
  const auto& recipients = active.message.recipients;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (is_waiting(recipients.at(i)) && !active.tried.at(i))
      groups[recipients.at(i).address.domain.ascii].push_back(i);
  }
  const std::size_t most = std::max(settings_.recipients_per_attempt, 1U);
  for (auto& [domain, indexes] : groups) {
    Destination& destination = destinations_.at(domain);
    for (std::size_t at = 0; at < indexes.size(); at += most) {
      const auto begin = indexes.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(most, indexes.size() - at);
      destination.ready.push_back({&active, {begin, begin + static_cast<std::ptrdiff_t>(count)}});
      ++active.open;
    }
    destinations_.offer(destination);
  }
  if (active.open == 0) {
    active.open = 1;
    attempts_.spawn(finish_later(active));
  }
}

void StoredQueue::pump() {
  while (!stopping_ && journal_.healthy() && running_ < settings_.workers) {
    Destination* const destination = destinations_.next();
    if (destination == nullptr) break;
    start_from(*destination);
  }
  publish_stats();
}

void StoredQueue::start_from(Destination& destination) {
  if (destination.pace.paused(core_.clock.instant())) {
    defer_ready(destination);
    unpark(destination);
    return;
  }
  if (destination.ready.empty() || destination.running >= destination.pace.window()) return;
  Work work = std::move(destination.ready.front());
  destination.ready.pop_front();
  if (may_be_tried(work.active->message)) {
    ++destination.running;
    ++running_;
    attempts_.spawn(attempt(destination, std::move(work)));
  } else {
    attempts_.spawn(finish_later(*work.active));
  }
  unpark(destination);
  destinations_.offer(destination);
}

/// A destination that cannot be reached is not tried by every message: what it said last holds for
/// all that waits for it.
void StoredQueue::defer_ready(Destination& destination) {
  std::deque<Work> ready;
  ready.swap(destination.ready);
  for (auto& work : ready) {
    Attempt result;
    result.outcomes.resize(work.recipients.size(), destination.last);
    apply(*work.active, work.recipients, result);
    attempts_.spawn(finish_later(*work.active));
  }
}

void StoredQueue::unpark(Destination& destination) {
  if (destination.parked.empty() || destination.ready.size() > kMaxReady / 2) return;
  const auto now = core_.clock.now();
  for (std::size_t n = 0; n < kLoadAtOnce && !destination.parked.empty(); ++n) {
    const auto id = destination.parked.front();
    destination.parked.pop_front();
    const auto known = known_.find(id);
    if (known == known_.end() || known->second.place != Place::parked) continue;
    known->second.place = Place::scheduled;
    schedule_.put(id, now);
  }
  kick();
}

ReadContent StoredQueue::reader_of(const Message& message) const {
  // Not a coroutine itself: what it captures may die while the task still runs.
  return [store = &store_, blob = message.blob, size = message.body_size, prefix = message.prefix](
             std::uint64_t offset, std::uint64_t length) {
    const auto read = [](store::MailStore* from, BlobId id, std::uint64_t body, std::string head,
                         std::uint64_t at, std::uint64_t count) -> Task<Result<std::string>> {
      std::string out;
      if (at < head.size()) out = head.substr(at, count);
      const auto rest = count - out.size();
      const auto begin = at + out.size() - head.size();
      if (rest == 0 || begin >= body) co_return out;
      POSTERN_CO_TRY(const auto octets,
                     co_await from->read_body(id, begin, std::min(rest, body - begin)));
      out += octets;
      co_return out;
    };
    return read(store, blob, size, prefix, offset, length);
  };
}

Job StoredQueue::make_job(const Active& active, std::string_view domain,
                          const std::vector<std::size_t>& recipients) const {
  const Message& message = active.message;
  Job job{.id = message.id,
          .trace = message.trace,
          .domain = std::string{domain},
          .envelope = message.envelope,
          .recipients = {},
          .size = message.prefix.size() + message.body_size,
          .has_8bit_header = message.has_8bit_header,
          .has_8bit_body = message.has_8bit_body,
          .has_long_lines = message.has_long_lines,
          .own = message.sender.value() != 0,
          .sender = message.sender,
          .sender_proven = message.sender_proven,
          .junk = message.junk,
          .hidden = behind(message.hidden, message.prefix.size()),
          .expires = message.expires,
          .read = reader_of(message)};
  job.recipients.reserve(recipients.size());
  for (const auto index : recipients) job.recipients.push_back(message.recipients.at(index));
  return job;
}

/// What is spawned begins within the call that spawns it; these must not, since they change what
/// that call walks over.
Task<> StoredQueue::finish_later(Active& active) {
  co_await asio::post(core_.executor, use_task);
  co_await finish_group(active);
  publish_stats();
}

Task<> StoredQueue::attempt(Destination& destination, Work work) {
  co_await asio::post(core_.executor, use_task);
  Attempt result;
  try {
    Job job = make_job(*work.active, destination.domain, work.recipients);
    result = co_await transport_->attempt(std::move(job));
  } catch (const std::exception&) {
    result = all_deferred(work.recipients.size(), "sending failed unexpectedly");
  }
  --running_;
  --destination.running;
  if (result.destination_down) {
    destination.pace.down(core_.clock.instant());
    if (!result.outcomes.empty()) destination.last = result.outcomes.front();
    destination.last.kind = RecipientOutcome::Kind::deferred;
  } else {
    destination.pace.reached();
  }
  try {
    note_steps(work.active->message, destination.domain, result);
    apply(*work.active, work.recipients, result);
  } catch (const std::exception&) {
    ++counts_.bugs;
  }
  destinations_.offer(destination);
  destinations_.leave(destination);
  co_await finish_group(*work.active);
  pump();
}

Task<> StoredQueue::finish_group(Active& active) {
  const auto id = active.message.id;
  const bool last = --active.open == 0;
  try {
    if (last) {
      co_await end_round(active);
    } else {
      write_record(active);
    }
  } catch (const std::exception&) {
    ++counts_.bugs;
    if (last) end_after_bug(id);
  }
  if (active_.size() + kLoadAtOnce == kMaxActive) kick();
}

/// What its round came to is kept, if that can be written.
void StoredQueue::end_after_bug(QueueId id) {
  try {
    const auto found = active_.find(id);
    if (found != active_.end()) return put_back(*found->second, core_.clock.now() + kAfterBug);
  } catch (const std::exception&) {
    ++counts_.bugs;
  }
  set_aside(id, kAfterBug);
}

/// Another round begins after `wait`, from the record as it is on disk.
void StoredQueue::set_aside(QueueId id, Duration wait) {
  active_.erase(id);
  const auto known = known_.find(id);
  if (known == known_.end()) return;
  known->second.place = Place::scheduled;
  schedule_.put(id, core_.clock.now() + wait);
  kick();
}

/// There is no such message.
void StoredQueue::forget(QueueId id) {
  withdraw_order(id);
  active_.erase(id);
  known_.erase(id);
  kick();
}

void StoredQueue::publish_stats() {
  counts_.held = held_;
  counts_.waiting = known_.size() - std::min<std::uint64_t>(held_, known_.size());
  counts_.under_way = running_ + local_running_;
}

Queue::Stats StoredQueue::stats() const {
  return {.waiting = counts_.waiting,
          .held = counts_.held,
          .under_way = counts_.under_way,
          .sent = counts_.sent,
          .deferred = counts_.deferred,
          .failed = counts_.failed,
          .unreadable = counts_.unreadable,
          .bugs = counts_.bugs + journal_.bugs()};
}

std::unique_ptr<Queue> make_queue(kv::Engine& engine, store::MailStore& store, trace::Log& trace,
                                  Core& core, Settings settings) {
  return std::make_unique<StoredQueue>(engine, store, trace, core, std::move(settings));
}

}  // namespace postern::queue
