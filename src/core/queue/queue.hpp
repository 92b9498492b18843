#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "async/task.hpp"
#include "kv/batch.hpp"
#include "kv/engine.hpp"
#include "queue/message.hpp"
#include "queue/transport.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"
#include "vocab/result.hpp"

// What leaves, waits here: one durable record per message, a due-time index, per-recipient state.
// Whoever commits a message that must leave adds the queue's operations to the same batch; when
// that is durable the queue is told and takes it from memory. Nothing scans.
namespace postern::queue {

struct Settings {
  std::string hostname;                  ///< Ours, for DSNs and EHLO.
  Duration life = std::chrono::days{5};  ///< RFC 5321 §4.5.4.1
  Duration delay_notice = std::chrono::hours{4};
  /// Waits between attempts, give or take an eighth; the last repeats. Empty: 5, 10, 20, 40 min,
  /// 1, 2, 4 h.
  std::vector<Duration> retry;
  std::uint32_t workers = 100;              ///< Attempts at a time, all destinations.
  std::uint32_t per_destination_start = 5;  ///< Attempts at a time at first...
  std::uint32_t per_destination_max = 20;   ///< ...and when all goes well.
  std::uint32_t recipients_per_attempt = 100;
};

/// Hands a DSN, made as bytes, to whoever delivers mail (the null sender; `to` the original one).
/// `trace` is the id of the message that it reports about; 0: about none, and nobody will miss it
/// if it cannot be delivered.
using SubmitNotice =
    std::function<Task<Result<TraceId>>(std::string content, smtp::Address to, TraceId trace)>;

class Queue {
 public:
  virtual ~Queue() = default;

  [[nodiscard]] virtual QueueId new_id() = 0;
  /// Adds `message`'s record and due entry to `batch`.
  virtual void add(kv::Batch& batch, const Message& message) const = 0;
  /// After that batch became durable: schedules it. Any thread.
  virtual void committed(Message message) = 0;

  /// Who takes the recipients that are ours; outlives `run`, before which this is called. Without
  /// it every recipient is the transport's.
  virtual void deliver_locally_with(LocalDelivery& local) { static_cast<void>(local); }

  /// Loads the due index and works until `stop`; `submit_notice` delivers DSNs.
  virtual Task<> run(Transport& transport, SubmitNotice submit_notice) = 0;
  /// Begins no attempt any more and lets those under way end; `run` then returns.
  virtual void stop() = 0;

  // For people: row D7.
  struct Filter {
    std::optional<QueueId> id;
    std::string domain;   ///< Of a waiting recipient.
    std::string address;  ///< Sender or a recipient.
  };
  virtual Task<Result<std::vector<Message>>> list(Filter filter, std::size_t limit) = 0;
  virtual Task<Result<Message>> show(QueueId id) = 0;
  /// The number of messages touched.
  virtual Task<Result<std::size_t>> hold(Filter filter, std::string why) = 0;
  virtual Task<Result<std::size_t>> release(Filter filter) = 0;
  virtual Task<Result<std::size_t>> retry_now(Filter filter) = 0;
  /// Removes without a DSN; traced with `why`.
  virtual Task<Result<std::size_t>> drop(Filter filter, std::string why) = 0;

  struct Stats {
    std::uint64_t waiting = 0;
    std::uint64_t held = 0;
    std::uint64_t under_way = 0;
    std::uint64_t sent = 0;
    std::uint64_t deferred = 0;
    std::uint64_t failed = 0;
    std::uint64_t unreadable = 0;  ///< Records that do not decode: left alone.
    std::uint64_t bugs = 0;        ///< Exceptions, each of which cost one attempt or pause.
  };
  [[nodiscard]] virtual Stats stats() const = 0;
};

/// All arguments outlive the queue. `core` is where its bookkeeping lives.
std::unique_ptr<Queue> make_queue(kv::Engine& engine, store::MailStore& store, trace::Log& trace,
                                  Core& core, Settings settings);

}  // namespace postern::queue
