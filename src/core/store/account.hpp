#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "async/mutex.hpp"
#include "async/task.hpp"
#include "kv/engine.hpp"
#include "layout/records.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"

// An account in memory, on its home core: what its writer knows (the tip), what its readers see
// (published views), and the changes on their way from the one to the other.
namespace postern::store {

/// What one commit does to one mailbox, as its view will show it.
struct MailboxChange {
  MailboxInfo info;  ///< As it is afterwards.
  std::vector<Entry> put;
  std::vector<Uid> removed;
  bool deleted = false;  ///< The mailbox itself went.
};

/// What one commit does to an account's views.
struct Delta {
  kv::Ticket ticket;
  std::map<MailboxId, MailboxChange> mailboxes;
};

/// What the writer knows: everything appended, durable or not.
struct Tip {
  layout::StateRecord state;
  std::map<MailboxId, layout::MailboxRecord> mailboxes;

  [[nodiscard]] std::optional<MailboxId> find(std::string_view name) const;
  [[nodiscard]] std::optional<MailboxId> find(SpecialUse use) const;
};

/// A record as LIST and STATUS show it, and an entry as a view holds it.
[[nodiscard]] MailboxInfo to_info(MailboxId id, const layout::MailboxRecord& record);
[[nodiscard]] Entry to_entry(Uid uid, const layout::EntryRecord& record);

/// One who wants to know of changes. Shared between the account and the Subscription.
struct Subscriber {
  Subscriber(Executor where, std::function<void()> what)
      : executor{where}, on_change{std::move(what)} {}
  Executor executor;
  std::function<void()> on_change;
  std::atomic<bool> alive = true;
  std::atomic<bool> posted = false;  ///< A call is on its way: fold the next one into it.
};

class Edit;

/// Used only on its home core.
class Account {
 public:
  Account(AccountId id, kv::Engine& engine, Core& home) : id_{id}, engine_{engine}, home_{home} {}
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  [[nodiscard]] AccountId id() const { return id_; }
  [[nodiscard]] kv::Engine& engine() const { return engine_; }
  [[nodiscard]] Core& home() const { return home_; }

  /// The writer's queue. Whoever holds it may await engine reads, nothing else.
  [[nodiscard]] AsyncMutex& writer() { return writer_; }
  /// Under the writer: loads the tip if need be. `not_found`: there is no such account.
  Task<Result<void>> load();
  /// Under the writer, after `load`.
  [[nodiscard]] const Tip& tip() const { return *tip_; }
  /// Of the engine when the tip was read: a batch made from it belongs to no later one.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  /// Under the writer: appends `edit` and gives the writer back; then waits until it is durable
  /// and published.
  Task<Result<void>> commit(Edit edit, AsyncMutex::Guard guard, kv::Engine::Purpose purpose);
  /// The two halves of `commit`, for commits that span accounts: after the batch was appended, and
  /// after it is durable. An exception in the first leaves tip and views to be read anew.
  void appended(Edit edit, kv::Ticket ticket);
  void publish();

  /// The published view of `mailbox`; loads it if need be.
  Task<Result<std::shared_ptr<const MailboxView>>> view(MailboxId mailbox);
  /// Under the writer: everything known is void (the account was removed).
  void forget();
  void drop_views() { views_.clear(); }
  /// Forgets what a reopening of the engine made void, and tells subscribers of it.
  void look_for_reopening() { forget_views_if_void(); }
  [[nodiscard]] std::size_t view_bytes() const;
  [[nodiscard]] std::size_t view_count() const { return views_.size(); }

  void subscribe(std::shared_ptr<Subscriber> subscriber);
  /// Calls all subscribers.
  void notify();
  /// Posts one call to `subscriber`, unless one is on its way.
  static void tell(const std::shared_ptr<Subscriber>& subscriber);

  /// Whether nothing would be lost by forgetting this object.
  [[nodiscard]] bool idle() const;
  int pins = 0;  ///< Operations under way.

 private:
  struct Loaded {
    std::shared_ptr<const MailboxView> view;
    kv::Ticket as_of;  ///< Later deltas are not in it yet.
  };

  void forget_views_if_void();
  void forget_views();
  void apply(const Delta& delta);
  Task<Result<Loaded>> read_view(MailboxId mailbox);

  AccountId id_;
  kv::Engine& engine_;
  Core& home_;
  AsyncMutex writer_;
  AsyncMutex loading_;
  std::uint64_t generation_ = 0;        ///< Of the tip.
  std::uint64_t views_generation_ = 0;  ///< Of everything published.
  std::uint64_t epoch_ = 0;             ///< Rises when views are void.
  /// The views know nothing of this commit: they are void once it is published.
  std::optional<kv::Ticket> missed_;
  std::unique_ptr<Tip> tip_;  ///< Null until it is loaded.
  std::map<MailboxId, Loaded> views_;
  std::deque<Delta> pending_;  ///< Appended, not published, in order.
  std::vector<Delta> recent_;  ///< Published while a view was being read.
  int reading_ = 0;            ///< Views being read.
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
};

}  // namespace postern::store
