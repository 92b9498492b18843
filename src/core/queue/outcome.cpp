// What follows from the outcomes of attempts: records, notices, the next round.
#include <algorithm>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "queue/codec.hpp"
#include "queue/notice.hpp"
#include "queue/retry.hpp"
#include "queue/stored_queue.hpp"

namespace postern::queue {
namespace {

/// How many recipients one trace event of a deferral names.
constexpr std::size_t kMaxNamed = 10;
/// The wait before a notice that nobody took is tried again.
constexpr Duration kNoticeAgain = std::chrono::minutes{5};

bool waits(const Message& message) {
  return std::ranges::any_of(message.recipients, [](const Recipient& recipient) {
    return recipient.state == RecipientState::waiting;
  });
}

std::string words(const Recipient& recipient) {
  if (recipient.last_code == 0) return recipient.last_status + ' ' + recipient.last_text;
  return fmt::format("{} {} {}", recipient.last_code, recipient.last_status, recipient.last_text);
}

std::vector<std::string> addresses_of(const Message& message, const Recipient& recipient) {
  std::vector<std::string> out{smtp::address_key(recipient.address)};
  if (message.envelope.from) out.push_back(smtp::address_key(*message.envelope.from));
  return out;
}

std::string text_of(Timestamp time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     std::chrono::time_point_cast<std::chrono::seconds>(time));
}

/// The recipients that reports are due about.
struct Reports {
  std::vector<std::size_t> failed = {};
  std::vector<std::size_t> sent = {};
  std::vector<std::size_t> late = {};
  [[nodiscard]] bool empty() const { return failed.empty() && sent.empty() && late.empty(); }
};

/// `delayed`: it is time to tell of the delay.
Reports reports_of(const Message& message, bool delayed) {
  Reports out;
  for (std::size_t i = 0; i < message.recipients.size(); ++i) {
    const Recipient& recipient = message.recipients.at(i);
    const bool owed = recipient.notice_owed;
    if (owed && recipient.state == RecipientState::sent) out.sent.push_back(i);
    if (owed && recipient.state == RecipientState::failed &&
        tell_failure(message, recipient) == Tell::sender) {
      out.failed.push_back(i);
    }
    if (delayed && recipient.state == RecipientState::waiting && tell_delay(message, recipient))
      out.late.push_back(i);
  }
  return out;
}

}  // namespace

void take_outcome(const Message& message, Recipient& recipient, const RecipientOutcome& outcome) {
  recipient.last_code = outcome.code;
  recipient.last_status = outcome.status;
  recipient.last_text = outcome.text;
  recipient.last_host = outcome.host;
  switch (outcome.kind) {
    case RecipientOutcome::Kind::sent:
      recipient.state = RecipientState::sent;
      recipient.notice_owed = tell_success(message, recipient, outcome.dsn_passed_on);
      break;
    case RecipientOutcome::Kind::deferred: break;
    case RecipientOutcome::Kind::failed:
      recipient.state = RecipientState::failed;
      recipient.notice_owed = tell_failure(message, recipient) != Tell::nobody;
      break;
  }
}

trace::Event StoredQueue::event(const Message& message, trace::Kind kind) const {
  return {.id = message.trace,
          .time = core_.clock.now(),
          .kind = kind,
          .fields = {{"queue", fmt::format("{:016x}", message.id.value())}}};
}

void StoredQueue::note_steps(const Message& message, std::string_view domain,
                             const Attempt& attempt) {
  auto made = event(message, trace::Kind::attempt);
  made.fields.emplace_back("domain", domain);
  for (const auto& step : attempt.steps) made.fields.emplace_back("step", step);
  trace_.note(std::move(made));
}

void StoredQueue::apply(Active& active, const std::vector<std::size_t>& recipients,
                        const Attempt& attempt) {
  RecipientOutcome none;
  none.status = "4.3.0";
  none.text = "the attempt told nothing";
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const auto& outcome = i < attempt.outcomes.size() ? attempt.outcomes.at(i) : none;
    Recipient& recipient = active.message.recipients.at(recipients.at(i));
    if (recipient.state != RecipientState::waiting) continue;
    take_outcome(active.message, recipient, outcome);
    count(outcome.kind);
    if (!attempt.settled) trace_outcome(active.news, active.message, recipient, outcome.kind);
  }
}

/// What rides in the commit of a local delivery. Changes nothing: it may be refused.
kv::Batch StoredQueue::settle(const Active& active, const std::vector<std::size_t>& recipients,
                              const std::vector<RecipientOutcome>& outcomes) const {
  Message copy = active.message;
  kv::Batch batch;
  for (std::size_t i = 0; i < recipients.size() && i < outcomes.size(); ++i) {
    Recipient& recipient = copy.recipients.at(recipients.at(i));
    if (recipient.state != RecipientState::waiting) continue;
    take_outcome(copy, recipient, outcomes.at(i));
    trace_outcome(batch, copy, recipient, outcomes.at(i).kind);
  }
  batch.put(message_key(copy.id), encode(copy));
  return batch;
}

void StoredQueue::count(RecipientOutcome::Kind kind) {
  switch (kind) {
    case RecipientOutcome::Kind::sent:     ++counts_.sent; break;
    case RecipientOutcome::Kind::deferred: ++counts_.deferred; break;
    case RecipientOutcome::Kind::failed:   ++counts_.failed; break;
  }
}

/// Deferrals are told once a round, for all.
void StoredQueue::trace_outcome(kv::Batch& batch, const Message& message,
                                const Recipient& recipient, RecipientOutcome::Kind outcome) const {
  if (outcome == RecipientOutcome::Kind::deferred) return;
  const bool sent = outcome == RecipientOutcome::Kind::sent;
  auto made = event(message, sent ? trace::Kind::sent : trace::Kind::failed);
  made.fields.emplace_back("to", smtp::to_string(recipient.address));
  if (!recipient.last_host.empty()) made.fields.emplace_back("host", recipient.last_host);
  made.fields.emplace_back(recipient.last_code == 0 ? "why" : "reply", words(recipient));
  trace_.add(batch, made, addresses_of(message, recipient));
}

Task<> StoredQueue::end_round(Active& active) {
  Message& message = active.message;
  const auto now = core_.clock.now();
  ++message.attempts;
  if (may_be_tried(message)) expire(active, now);
  co_await tell(active);
  const Order* const drop = order_for(message.id, Order::Kind::drop);
  const bool dropped = drop != nullptr;
  if (drop != nullptr) {
    auto made = event(message, trace::Kind::dropped);
    made.fields.emplace_back("why", drop->why);
    trace_.add(active.news, made, {});
  }
  if (waits(message) && !dropped) {
    const Order* const hold = order_for(message.id, Order::Kind::hold);
    if (hold != nullptr || message.held) {
      put_on_hold(active, hold != nullptr ? hold->why : message.held_why);
    } else {
      const auto due = next_due(message, now);
      tell_deferred(active, due);
      put_back(active, due);
    }
    co_return;
  }
  const auto owed = std::ranges::find(message.recipients, true, &Recipient::notice_owed);
  if (!dropped && owed != message.recipients.end()) {
    if (owed->state == RecipientState::failed && tell_failure(message, *owed) == Tell::person) {
      put_on_hold(active, why_held(message, *owed));
    } else {
      put_back(active, now + kNoticeAgain);
    }
    co_return;
  }
  const bool removed = co_await remove(active);
  if (!removed) put_back(active, now + kNoticeAgain);
}

/// RFC 5321 §4.5.4.1: giving up. What was said last stays, as RFC 3463 §3.5 (X.4.7) wants it.
void StoredQueue::expire(Active& active, Timestamp now) {
  if (now < active.message.expires) return;
  const auto days = std::chrono::duration_cast<std::chrono::hours>(now - active.message.created);
  for (auto& recipient : active.message.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    RecipientOutcome outcome{
        .kind = RecipientOutcome::Kind::failed,
        .code = recipient.last_code,
        .status = recipient.last_status.empty() ? std::string{"4.4.7"} : recipient.last_status,
        .text = recipient.last_text,
        .host = recipient.last_host};
    if (outcome.code == 0)
      outcome.text = fmt::format("given up after {} hours: {}", days.count(), outcome.text);
    take_outcome(active.message, recipient, outcome);
    count(outcome.kind);
    trace_outcome(active.news, active.message, recipient, outcome.kind);
  }
}

/// Sends what reports are due. A crash between a report and its record sends it twice: better than
/// never.
Task<> StoredQueue::tell(Active& active) {
  Message& message = active.message;
  const bool delayed = !message.delay_told && may_be_tried(message) &&
                       core_.clock.now() - message.created >= settings_.delay_notice;
  const Reports due = reports_of(message, delayed);
  if (due.empty()) {
    message.delay_told = message.delay_told || delayed;
    co_return;
  }
  write_record(active);
  const std::string original = co_await read_original(message);
  for (const auto* const about : {&due.failed, &due.sent, &due.late}) {
    if (about->empty()) continue;
    const bool told = co_await report(active, *about, original);
    if (told && about == &due.late) message.delay_told = true;
  }
  message.delay_told = message.delay_told || (delayed && due.late.empty());
}

/// As much of the message as a report may give back. What cannot be read is left out.
Task<std::string> StoredQueue::read_original(const Message& message) {
  const auto whole = message.prefix.size() + message.body_size;
  auto read = reader_of(message);
  auto content = co_await read(0, std::min<std::uint64_t>(whole, report::kMaxReturned + 1024));
  if (content) co_return *std::move(content);
  co_return message.prefix;
}

Task<bool> StoredQueue::report(Active& active, const std::vector<std::size_t>& about,
                               std::string_view original) {
  Message& message = active.message;
  const auto& sender = message.envelope.from;
  if (!sender) co_return false;  // nobody to tell: no report is due about such a message
  auto dsn = report::build_dsn(
      dsn_request(message, about, settings_.hostname, original, core_.clock.now(), core_.random));
  const auto made = co_await submit_notice_(std::move(dsn.message), *sender, message.trace);
  if (!made) co_return false;
  for (const auto index : about) message.recipients.at(index).notice_owed = false;
  auto told = event(message, trace::Kind::bounced);
  told.fields.emplace_back("to", smtp::to_string(*sender));
  told.fields.emplace_back("notice", trace::to_text(*made));
  trace_.add(active.news, told, {});
  co_return true;
}

void StoredQueue::write_record(Active& active) {
  kv::Batch batch = std::exchange(active.news, {});
  batch.put(message_key(active.message.id), encode(active.message));
  journal_.write(std::move(batch));
}

void StoredQueue::move_in_index(const Message& message, Timestamp due, kv::Batch& batch) {
  Known& known = known_.at(message.id);
  batch.erase(due_key(known.indexed, message.id));
  batch.put(message_key(message.id), encode(message));
  batch.put(due_key(due, message.id), {});
  known.indexed = due;
}

Task<bool> StoredQueue::remove(Active& active) {
  const auto id = active.message.id;
  kv::Batch batch = std::exchange(active.news, {});
  const auto dropped =
      co_await store_.drop_queue_link(active.message.blob, active.message.body_size, batch);
  if (!dropped) co_return false;
  batch.erase(message_key(id));
  batch.erase(due_key(known_.at(id).indexed, id));
  close_order(id, batch);
  journal_.write(std::move(batch));
  known_.erase(id);
  active_.erase(id);
  co_return true;
}

void StoredQueue::put_back(Active& active, Timestamp due) {
  const auto id = active.message.id;
  active.message.due = due;
  kv::Batch batch = std::exchange(active.news, {});
  move_in_index(active.message, due, batch);
  journal_.write(std::move(batch));
  known_.at(id).place = Place::scheduled;
  active_.erase(id);
  schedule_.put(id, due);
  kick();
}

void StoredQueue::put_on_hold(Active& active, std::string why) {
  const auto id = active.message.id;
  active.message.held = true;
  active.message.held_why = std::move(why);
  auto made = event(active.message, trace::Kind::held);
  made.fields.emplace_back("why", active.message.held_why);
  trace_.add(active.news, made, {});
  kv::Batch batch = std::exchange(active.news, {});
  move_in_index(active.message, kHeldDue, batch);
  close_order(id, batch);
  journal_.write(std::move(batch));
  known_.at(id).place = Place::held;
  ++held_;
  active_.erase(id);
}

/// By the schedule; not before the last destination that is given a rest may be tried again, and
/// not behind the end of the message's life.
Timestamp StoredQueue::next_due(const Message& message, Timestamp now) {
  auto due = now + retry_after(settings_.retry, message.attempts, core_.random);
  auto earliest = Instant::max();
  for (const auto& recipient : message.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    const auto* const known = destinations_.find(recipient.address.domain.ascii);
    earliest = std::min(earliest, known == nullptr ? Instant{} : known->pace.until());
  }
  const auto here = core_.clock.instant();
  if (earliest > here) due = std::max(due, now + (earliest - here));
  return now < message.expires ? std::min(due, message.expires) : due;
}

void StoredQueue::tell_deferred(Active& active, Timestamp due) {
  auto made = event(active.message, trace::Kind::deferred);
  made.fields.emplace_back("next", text_of(due));
  std::vector<std::string> addresses;
  for (const auto& recipient : active.message.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    if (addresses.size() == kMaxNamed) break;
    made.fields.emplace_back("to", smtp::to_string(recipient.address));
    if (!recipient.last_host.empty()) made.fields.emplace_back("host", recipient.last_host);
    made.fields.emplace_back(recipient.last_code == 0 ? "why" : "reply", words(recipient));
    addresses.push_back(smtp::address_key(recipient.address));
  }
  trace_.add(active.news, made, addresses);
}

}  // namespace postern::queue
