#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/task.hpp"
#include "store/draft.hpp"
#include "store/mailbox_view.hpp"
#include "store/message.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"

// The one way to stored mail. The directory hands a session out for good credentials; it reaches
// that account and nothing else. Every argument and result is a value. Tasks may be awaited on any
// core and answer there; what they report is durable and published when they return. Failures
// common to all: `unavailable` (read-only store), `outcome_unknown`, `io_failed`, `corrupt`.
namespace postern::store {

enum class StoreMode : std::uint8_t { add, remove, replace };

/// STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
struct FlagChange {
  MailboxId mailbox;
  std::vector<Uid> uids;  ///< Ascending.
  StoreMode mode = StoreMode::add;
  NamedFlags flags;
  std::optional<ModSeq> unchanged_since;
};
struct FlagChangeResult {
  std::vector<Uid> modified;  ///< Left alone: their MODSEQ is above unchanged_since.
  std::vector<Uid> missing;   ///< Not in the mailbox any more.
  ModSeq modseq;              ///< Of the commit; 0 if nothing changed.
};

/// Who became what in COPY and MOVE (COPYUID, RFC 4315 §3).
struct CopyResult {
  UidValidity uid_validity;  ///< Of the destination.
  std::vector<std::pair<Uid, Uid>>
      uids;  ///< Source, destination; ascending. Vanished ones are left out.
};

struct AppendRequest {
  MailboxId mailbox;
  std::shared_ptr<const StagedMessage> message;
  NamedFlags flags;
  std::optional<Timestamp> internal_date;  ///< Now, if nothing.
  std::int16_t internal_offset = 0;        ///< Minutes east of UTC.
};
struct AppendResult {
  UidValidity uid_validity;
  Uid uid;
  MessageId message;
};

struct QuotaState {
  std::uint64_t used = 0;   ///< Octets.
  std::uint64_t limit = 0;  ///< 0: none.
};

/// Unsubscribes when destroyed; may be destroyed on any core.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class AccountSession {
 public:
  virtual ~AccountSession() = default;

  [[nodiscard]] virtual AccountId id() const = 0;
  /// The account's primary address, for logs and greeting.
  [[nodiscard]] virtual const std::string& address() const = 0;

  /// The store was reopened after a failure since this session began: what it has seen may not be
  /// so any more. End the connection.
  [[nodiscard]] virtual bool stale() const = 0;

  // Mailboxes. Names are UTF-8 and checked here (`bad_syntax`: empty level, control, too long or
  // too deep); "inbox" in any case is INBOX.
  virtual Task<Result<std::vector<MailboxInfo>>> mailboxes() = 0;   ///< Sorted by name.
  virtual Task<Result<MailboxInfo>> mailbox(std::string name) = 0;  ///< `not_found`.
  /// Creates missing parents. `already_exists`, `limit_reached`, `conflict` (special use taken).
  virtual Task<Result<MailboxInfo>> create_mailbox(std::string name, SpecialUse use) = 0;
  /// Removes its messages (to `gone`); refuses INBOX (`not_permitted`). Children stay.
  virtual Task<Result<void>> delete_mailbox(std::string name) = 0;
  /// With its children; renaming INBOX moves its messages to a new mailbox (RFC 9051 §6.3.6).
  virtual Task<Result<void>> rename_mailbox(std::string from, std::string to) = 0;
  virtual Task<Result<void>> subscribe(std::string name, bool on) = 0;

  // Reading.
  /// The newest published view; kept current while someone is subscribed. `not_found`.
  virtual Task<Result<std::shared_ptr<const MailboxView>>> view(MailboxId mailbox) = 0;
  /// Of what a session saw in `mailbox` at `seen`, when its HIGHESTMODSEQ was `modseq`, the UIDs
  /// that have left it for longer than they stay for that session to read (Settings::linger):
  /// NO [EXPUNGEISSUED]. Ascending. `not_found`: the mailbox left.
  virtual Task<Result<std::vector<Uid>>> long_gone(MailboxId mailbox, ModSeq modseq,
                                                   Timestamp seen) = 0;
  /// Nothing where a message is gone for good (NO [EXPUNGEISSUED]).
  virtual Task<Result<std::vector<std::optional<StoredMessage>>>> messages(
      std::vector<MessageId> ids) = 0;
  /// Octets [offset, offset+length) as served; shorter at the end. At most 1 MiB a call.
  virtual Task<Result<std::string>> read(StoredMessage message, std::uint64_t offset,
                                         std::uint64_t length) = 0;
  /// The first `most` octets of each as served (at most 1 MiB, fewer where a message is shorter):
  /// for many small messages much less dear than to `read` one after the other. All or nothing.
  virtual Task<Result<std::vector<std::string>>> read_beginnings(
      std::vector<StoredMessage> messages, std::uint64_t most) = 0;
  /// `on_change` is called on `executor` after each published change of the account (several may
  /// be folded into one call), until the subscription is destroyed; a call already posted then may
  /// still come unless it is destroyed on that executor's core.
  virtual std::unique_ptr<Subscription> subscribe_changes(Executor executor,
                                                          std::function<void()> on_change) = 0;

  // Writing.
  /// A new body; see draft.hpp.
  virtual std::unique_ptr<Draft> new_draft() = 0;
  /// `over_quota`, `store_full`, `not_found`, `limit_reached` (keywords). All or nothing.
  virtual Task<Result<std::vector<AppendResult>>> append(std::vector<AppendRequest> requests) = 0;
  virtual Task<Result<FlagChangeResult>> change_flags(FlagChange change) = 0;
  /// One commit; flags and dates go along; keywords are matched by name. `over_quota`, `not_found`.
  virtual Task<Result<CopyResult>> copy(MailboxId from, std::vector<Uid> uids, MailboxId to) = 0;
  virtual Task<Result<CopyResult>> move(MailboxId from, std::vector<Uid> uids, MailboxId to) = 0;
  /// Of `uids` (all, if nothing) those with \Deleted. Returns what went, ascending.
  virtual Task<Result<std::vector<Uid>>> expunge(MailboxId mailbox,
                                                 std::optional<std::vector<Uid>> uids) = 0;

  virtual Task<Result<QuotaState>> quota() = 0;
};

}  // namespace postern::store
