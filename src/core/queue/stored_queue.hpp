#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/event.hpp"
#include "async/mutex.hpp"
#include "async/task_group.hpp"
#include "queue/destinations.hpp"
#include "queue/journal.hpp"
#include "queue/queue.hpp"
#include "queue/schedule.hpp"

namespace postern::queue {

/// A message that is in memory because it is due: one round of attempts, one for each destination.
struct Active {
  Message message;
  std::size_t open = 0;     ///< Groups of recipients whose attempt has not ended.
  std::vector<bool> tried;  ///< Recipients that this round is done with (local ones).
  kv::Batch news;           ///< Trace events that ride in the next commit.
};

/// A bug in one attempt costs that attempt: its recipients are tried again.
[[nodiscard]] Attempt all_deferred(std::size_t count, std::string why);

/// What `outcome` means for `recipient` of `message`, without its trace.
void take_outcome(const Message& message, Recipient& recipient, const RecipientOutcome& outcome);

/// The queue on the engine. Everything but `add`, `new_id`, `committed`, `stop` and `stats` runs on
/// its core. The members are in five files: loading and rounds (stored_queue.cpp), the recipients
/// that are ours (local_round.cpp), what follows from outcomes (outcome.cpp), what people may do
/// (people.cpp), and what they ask for while a round is under way (orders.cpp).
class StoredQueue final : public Queue {
 public:
  StoredQueue(kv::Engine& engine, store::MailStore& store, trace::Log& trace, Core& core,
              Settings settings);

  QueueId new_id() override;
  void add(kv::Batch& batch, const Message& message) const override;
  void committed(Message message) override;
  void deliver_locally_with(LocalDelivery& local) override { local_ = &local; }
  Task<> run(Transport& transport, SubmitNotice submit_notice) override;
  void stop() override;

  Task<Result<std::vector<Message>>> list(Filter filter, std::size_t limit) override;
  Task<Result<Message>> show(QueueId id) override;
  Task<Result<std::size_t>> hold(Filter filter, std::string why) override;
  Task<Result<std::size_t>> release(Filter filter) override;
  Task<Result<std::size_t>> retry_now(Filter filter) override;
  Task<Result<std::size_t>> drop(Filter filter, std::string why) override;
  Stats stats() const override;

 private:
  /// Messages in memory at most; and of those that wait for one destination, before further ones
  /// for it alone are put aside.
  static constexpr std::size_t kMaxActive = 2000;
  static constexpr std::size_t kMaxReady = 1000;
  static constexpr std::size_t kLoadAtOnce = 100;
  /// The wait after a round that a bug ended, and before a record that cannot be read is looked at
  /// again.
  static constexpr Duration kAfterBug = std::chrono::minutes{5};
  static constexpr Duration kUnreadableAgain = std::chrono::days{1};

  enum class Place : std::uint8_t { scheduled, parked, active, held };
  struct Known {
    Timestamp indexed;  ///< Where the due index has it.
    Place place = Place::scheduled;
  };

  // Loading and rounds.
  Task<> work(Transport& transport, SubmitNotice submit_notice);
  void learn(std::string_view due_key);
  Task<bool> load_index();
  Task<> load_due();
  Task<bool> load_some();
  void load_one(QueueId id, const std::optional<std::string>& value);
  void accept(Message message);
  void begin(Message message);
  [[nodiscard]] Destination* crowded(const Message& message);
  void start_local();
  Task<> local_turn(Active& active);
  Task<> local_first(Active& active);
  Task<bool> attempt_local(Active& active, std::string domain, std::vector<std::size_t> recipients);
  Task<bool> read_again(Active& active);
  Task<Result<Message>> durable_record(QueueId id);
  void enqueue(Active& active);
  void pump();
  void start_from(Destination& destination);
  void defer_ready(Destination& destination);
  void unpark(Destination& destination);
  Task<> attempt(Destination& destination, Work work);
  Task<> finish_group(Active& active);
  Task<> finish_later(Active& active);
  void end_after_bug(QueueId id);
  void set_aside(QueueId id, Duration wait);
  void forget(QueueId id);
  [[nodiscard]] Job make_job(const Active& active, std::string_view domain,
                             const std::vector<std::size_t>& recipients) const;
  [[nodiscard]] ReadContent reader_of(const Message& message) const;
  void kick();
  [[nodiscard]] Duration time_to_wait() const;
  void publish_stats();

  // What follows from outcomes.
  void apply(Active& active, const std::vector<std::size_t>& recipients, const Attempt& attempt);
  void count(RecipientOutcome::Kind kind);
  void trace_outcome(kv::Batch& batch, const Message& message, const Recipient& recipient,
                     RecipientOutcome::Kind kind) const;
  [[nodiscard]] kv::Batch settle(const Active& active, const std::vector<std::size_t>& recipients,
                                 const std::vector<RecipientOutcome>& outcomes) const;
  void note_steps(const Message& message, std::string_view domain, const Attempt& attempt);
  Task<> end_round(Active& active);
  void expire(Active& active, Timestamp now);
  Task<> tell(Active& active);
  Task<std::string> read_original(const Message& message);
  Task<bool> report(Active& active, const std::vector<std::size_t>& about,
                    std::string_view original);
  void write_record(Active& active);
  Task<bool> remove(Active& active);
  void put_back(Active& active, Timestamp due);
  void put_on_hold(Active& active, std::string why);
  [[nodiscard]] Timestamp next_due(const Message& message, Timestamp now);
  void tell_deferred(Active& active, Timestamp due);
  void move_in_index(const Message& message, Timestamp due, kv::Batch& batch);
  [[nodiscard]] trace::Event event(const Message& message, trace::Kind kind) const;

  // What people may do.
  using Change = std::function<Task<Result<bool>>(QueueId)>;
  Task<Result<std::vector<Message>>> list_here(Filter filter, std::size_t limit);
  Task<Result<Message>> show_here(QueueId id);
  Task<Result<std::vector<QueueId>>> matching(Filter filter);
  Task<Result<std::size_t>> change_all(Filter filter, Change change);
  Task<Result<std::size_t>> change_here(Filter filter, Change change);
  Task<Result<std::size_t>> change_each(Filter filter, Change change);
  Task<Result<bool>> hold_one(QueueId id, std::string why);
  Task<Result<bool>> release_one(QueueId id);
  Task<Result<bool>> retry_one(QueueId id);
  Task<Result<bool>> drop_one(QueueId id, std::string why);

  // What people ask for while a round is under way.
  Task<bool> load_orders();
  void forget_lost_orders();
  void give_order(QueueId id, Order order);
  void close_order(QueueId id, kv::Batch& batch);
  void withdraw_order(QueueId id);
  [[nodiscard]] const Order* order_for(QueueId id, Order::Kind kind) const;
  [[nodiscard]] bool may_be_tried(const Message& message) const;
  [[nodiscard]] Message as_ordered(Message message) const;

  kv::Engine& engine_;
  store::MailStore& store_;
  trace::Log& trace_;
  Core& core_;
  const Settings settings_;
  LocalDelivery* local_ = nullptr;
  Transport* transport_ = nullptr;
  SubmitNotice submit_notice_;

  Journal journal_;
  Schedule schedule_;
  Destinations destinations_;
  std::unordered_map<QueueId, Known> known_;
  std::unordered_map<QueueId, std::unique_ptr<Active>> active_;
  /// Of messages in `known_`; as on disk, or on its way there. Rounds end by them.
  std::unordered_map<QueueId, Order> orders_;
  bool orders_loaded_ = false;
  AsyncMutex loading_;  ///< Messages on their way into memory; commands keep out.
  TaskGroup attempts_;
  TaskGroup background_;
  Event wake_;
  bool kicked_ = false;
  bool working_ = false;
  bool stopping_ = false;
  bool reload_ = false;
  std::uint64_t generation_ = 0;  ///< The engine's, when the due index was read.
  std::uint32_t running_ = 0;
  /// Messages whose local recipients are still to be served, and how many are being served: as many
  /// as `workers` of their own, so that slow hosts do not keep mail from our people.
  std::deque<Active*> local_ready_;
  std::uint32_t local_running_ = 0;
  std::uint64_t held_ = 0;

  struct Counts {
    std::atomic<std::uint64_t> waiting = 0;
    std::atomic<std::uint64_t> held = 0;
    std::atomic<std::uint64_t> under_way = 0;
    std::atomic<std::uint64_t> sent = 0;
    std::atomic<std::uint64_t> deferred = 0;
    std::atomic<std::uint64_t> failed = 0;
    std::atomic<std::uint64_t> unreadable = 0;
    std::atomic<std::uint64_t> bugs = 0;
  };
  Counts counts_;
};

}  // namespace postern::queue
