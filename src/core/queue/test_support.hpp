#pragma once

#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "queue/codec.hpp"
#include "queue/queue.hpp"
#include "record/key.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"

// Test support: a queue on an engine in memory, a store that knows bodies only, and a transport
// that does what the test says.
namespace postern::queue {

class BodyStore final : public store::MailStore {
 public:
  std::string body = "Subject: test\r\n\r\nHello.\r\n";
  int links_dropped = 0;
  bool links_stay = false;

  std::unique_ptr<store::Draft> new_draft() override { return nullptr; }
  Task<Result<std::vector<store::Placed>>> deliver(std::shared_ptr<const store::StagedMessage>,
                                                   std::vector<store::Placement>, kv::Batch,
                                                   bool) override {
    co_return fail(Errc::unsupported);
  }
  Task<Result<store::QuotaVerdict>> check_quota(AccountId, std::uint64_t) override {
    co_return fail(Errc::unsupported);
  }
  Task<Result<std::string>> read_body(BlobId, std::uint64_t offset, std::uint64_t length) override {
    if (offset > body.size()) co_return fail(Errc::corrupt);
    co_return body.substr(offset, length);
  }
  Task<Result<void>> drop_queue_link(BlobId blob, std::uint64_t /*body_size*/,
                                     kv::Batch& batch) override {
    if (links_stay) co_return fail(Errc::io_failed);
    ++links_dropped;
    batch.put("dropped", std::string{reinterpret_cast<const char*>(blob.data()), blob.size()});
    co_return Result<void>{};
  }
  void add_account(AccountId, std::uint64_t, kv::Batch&) override {}
  Task<Result<void>> set_quota(AccountId, std::uint64_t) override { co_return Result<void>{}; }
  Task<Result<void>> remove_account(AccountId) override { co_return Result<void>{}; }
  std::unique_ptr<store::AccountSession> open(AccountId, std::string) override { return nullptr; }
  Task<Result<void>> sweep() override { co_return Result<void>{}; }
  Stats stats() const override { return {}; }
};

class ScriptedTransport final : public Transport {
 public:
  /// What recipients "local" of "domain" get, by domain; else `otherwise`.
  std::map<std::string, RecipientOutcome> answers;
  RecipientOutcome otherwise{.kind = RecipientOutcome::Kind::sent,
                             .code = 250,
                             .status = "2.0.0",
                             .text = "ok",
                             .host = "mx.example"};
  std::vector<std::string> down;  ///< Domains that cannot be reached.
  bool blocked = false;           ///< Attempts do not end until `open`.
  std::vector<Job> jobs;
  std::size_t running = 0;
  std::size_t most = 0;

  void open() {
    blocked = false;
    opened_.notify_all();
  }
  [[nodiscard]] std::size_t count(std::string_view domain) const {
    std::size_t n = 0;
    for (const auto& job : jobs) n += job.domain == domain ? 1 : 0;
    return n;
  }

  Task<Attempt> attempt(Job job) override {
    most = std::max(most, ++running);
    const auto domain = job.domain;
    const auto size = job.recipients.size();
    jobs.push_back(std::move(job));
    while (blocked) co_await opened_.wait();
    --running;
    Attempt out;
    out.steps.push_back(domain + ": tried");
    const auto found = answers.find(domain);
    out.outcomes.assign(size, found == answers.end() ? otherwise : found->second);
    for (const auto& name : down) {
      if (name != domain) continue;
      out.destination_down = true;
      out.outcomes.assign(size, {.status = "4.4.1", .text = "connection refused"});
    }
    co_return out;
  }

 private:
  Event opened_;
};

/// Takes what is for us.example, each with its own commit.
class Local final : public LocalDelivery {
 public:
  explicit Local(kv::Engine& engine) : engine_{engine} {}
  RecipientOutcome outcome{
      .kind = RecipientOutcome::Kind::sent, .status = "2.0.0", .text = "INBOX"};
  int delivered = 0;
  bool blocked = false;  ///< Attempts do not end until `open`.
  int running = 0;

  void open() {
    blocked = false;
    opened_.notify_all();
  }
  Task<bool> is_local(std::string domain) override { co_return domain == "us.example"; }
  Task<Attempt> attempt_local(Job job, Settle settle) override {
    ++running;
    while (blocked) co_await opened_.wait();
    --running;
    Attempt out;
    out.outcomes.assign(job.recipients.size(), outcome);
    if (outcome.kind != RecipientOutcome::Kind::sent) co_return out;
    auto batch = settle(out.outcomes);
    batch.put("mailbox/" + std::to_string(++delivered), "mail");
    const auto done = co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail);
    if (!done) out.outcomes.assign(job.recipients.size(), {.text = "store"});
    co_return out;
  }

 private:
  kv::Engine& engine_;
  Event opened_;
};

inline RecipientOutcome refusal(int code, std::string status, std::string text) {
  return {.kind = code < 500 ? RecipientOutcome::Kind::deferred : RecipientOutcome::Kind::failed,
          .code = code,
          .status = std::move(status),
          .text = std::move(text),
          .host = "mx.example"};
}

inline smtp::Address address(std::string_view text) {
  return smtp::parse_address(text, {.utf8 = true}).value();
}

/// One process with a queue; `crash` gives what the disk holds then.
struct Machine {
  struct Notice {
    std::string content;
    std::string to;
  };

  explicit Machine(const kv::MemoryDisk& disk = {}, Settings with = {})
      : engine{{}, disk}, settings{std::move(with)} {
    settings.hostname = "us.example";
    trace = trace::make_log(engine, core.core());
    queue = make_queue(engine, store, *trace, core.core(), settings);
  }
  ~Machine() {
    transport.open();
    if (started) queue->stop();
    core.poll();
    if (queue->stats().bugs != bugs) std::abort();
  }

  void start() {
    started = true;
    if (local != nullptr) queue->deliver_locally_with(*local);
    SubmitNotice submit = [this](std::string content, smtp::Address to,
                                 TraceId) -> Task<Result<TraceId>> {
      return take_notice(std::move(content), smtp::to_string(to));
    };
    core.group().spawn(queue->run(transport, std::move(submit)));
    core.poll();
  }
  Task<Result<TraceId>> take_notice(std::string content, std::string to) {
    if (notices_throw) throw std::runtime_error{"no notice"};
    if (notices_fail) co_return fail(Errc::unavailable);
    notices.push_back({std::move(content), std::move(to)});
    co_return TraceId{99};
  }

  Message message(std::vector<std::string> to, std::string from = "me@us.example") {
    Message out;
    out.id = queue->new_id();
    out.trace = TraceId{7};
    out.sender = AccountId{1};
    out.body_size = store.body.size();
    out.prefix = "Received: by us.example\r\n";
    if (!from.empty()) out.envelope.from = address(from);
    for (const auto& one : to) out.recipients.push_back({.address = address(one)});
    out.created = core.core().clock.now();
    out.due = out.created;
    out.expires = out.created + settings.life;
    out.sender_proven = true;
    return out;
  }
  /// Durable, as delivery makes it, and told to the queue.
  QueueId submit(Message what) {
    kv::Batch batch;
    queue->add(batch, what);
    const auto ticket =
        core.run(engine.append(std::move(batch), kv::Engine::Purpose::adds_mail)).value();
    static_cast<void>(core.run(engine.durable(ticket)));
    const auto id = what.id;
    queue->committed(std::move(what));
    core.poll();
    return id;
  }
  std::size_t on_disk() {
    const auto page = core.run(engine.tip()->scan(
        {.begin = messages_prefix(), .end = record::prefix_end(messages_prefix())}));
    return page.value().pairs.size();
  }
  std::size_t orders_on_disk() {
    const auto page = core.run(
        engine.tip()->scan({.begin = orders_prefix(), .end = record::prefix_end(orders_prefix())}));
    return page.value().pairs.size();
  }
  std::size_t in_index() {
    const auto page = core.run(engine.tip()->scan(
        {.begin = due_prefix(), .end = record::prefix_end(due_prefix()), .limit = 100'000}));
    return page.value().pairs.size();
  }
  Message stored(QueueId id) { return core.run(queue->show(id)).value(); }
  bool traced(trace::Kind kind) {
    const auto events = core.run(trace->events(TraceId{7}));
    for (const auto& event : events.value()) {
      if (event.kind == kind) return true;
    }
    return false;
  }
  /// A command of a person, which waits for its sync.
  std::size_t ask(Task<Result<std::size_t>> task) {
    std::size_t out = 999;
    const auto keep = [](Task<Result<std::size_t>> work, std::size_t& into) -> Task<> {
      const auto result = co_await std::move(work);
      into = result.value_or(888);
    };
    core.group().spawn(keep(std::move(task), out));
    core.poll();
    core.advance(std::chrono::seconds{1});
    return out;
  }

  ManualCore core;
  kv::MemoryEngine engine;
  BodyStore store;
  Settings settings;
  std::unique_ptr<trace::Log> trace;
  ScriptedTransport transport;
  LocalDelivery* local = nullptr;
  std::unique_ptr<Queue> queue;
  std::vector<Notice> notices;
  bool notices_fail = false;
  bool notices_throw = false;
  std::uint64_t bugs = 0;  ///< That the test makes happen.
  bool started = false;
};

}  // namespace postern::queue
