#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "async/core.hpp"
#include "async/task.hpp"
#include "kv/engine.hpp"
#include "store/account_session.hpp"
#include "store/draft.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"

// The store below sessions: who may call this has already decided for whom. Used by the directory
// (which hands out sessions), delivery, the queue and the commands; never by edge.
namespace postern::store {

struct Settings {
  Duration retention = std::chrono::days{14};  ///< How long expunged mail can be undeleted.
  /// How long a session that was not told reads on what went: no longer, and even where `retention`
  /// is shorter (but then not while the disk is low).
  Duration linger = std::chrono::hours{1};
  std::uint64_t view_bytes = std::uint64_t{64} << 20U;
  std::uint64_t message_bytes = std::uint64_t{128} << 20U;  ///< Bodies in flight, all sessions.
  std::uint32_t max_mailboxes = 10'000;
};

/// Where one copy of a message goes.
struct Placement {
  AccountId account;
  std::variant<SpecialUse, MailboxId>
      mailbox;  ///< SpecialUse::none is INBOX; a missing one: INBOX.
  std::string prefix;
  std::vector<Elided> elided;
  NamedFlags flags;
};
struct Placed {
  AccountId account;
  MailboxId mailbox;
  std::string mailbox_name;
  UidValidity uid_validity;
  Uid uid;
  MessageId message;
};

/// RCPT-time answer to "may this account take `size` more octets?" (0: unknown).
enum class QuotaVerdict : std::uint8_t {
  ok,
  full,        ///< Full for less than 72 h: temporary.
  full_long,   ///< Full for 72 h and more: permanent.
  never_fits,  ///< Larger than the whole quota.
};

class MailStore {
 public:
  virtual ~MailStore() = default;

  virtual std::unique_ptr<Draft> new_draft() = 0;

  /// One commit for every placement (at most 64) and `also` (queue records, trace events, which
  /// may refer to the message's blob; `queue_link` adds the queue's link to it). With no placement
  /// only `also` and the body are written. Quota: decided at RCPT; not refused here unless usage
  /// would pass the limit by more than 10 % (`over_quota`). Returns when durable.
  virtual Task<Result<std::vector<Placed>>> deliver(std::shared_ptr<const StagedMessage> message,
                                                    std::vector<Placement> placements,
                                                    kv::Batch also, bool queue_link) = 0;

  virtual Task<Result<QuotaVerdict>> check_quota(AccountId account, std::uint64_t size) = 0;

  /// A body's octets [offset, offset+length), unserved: for relaying. At most 1 MiB a call.
  virtual Task<Result<std::string>> read_body(BlobId blob, std::uint64_t offset,
                                              std::uint64_t length) = 0;
  /// The operations that take away the queue's link to `blob` and leave it to the sweeper.
  virtual Task<Result<void>> drop_queue_link(BlobId blob, std::uint64_t body_size,
                                             kv::Batch& batch) = 0;

  // Life of accounts; called by the directory, which keeps names and credentials.
  /// Adds to `batch` what a new account begins with: state, INBOX, Drafts, Sent, Junk, Trash,
  /// Archive (subscribed, with special use).
  virtual void add_account(AccountId account, std::uint64_t quota, kv::Batch& batch) = 0;
  virtual Task<Result<void>> set_quota(AccountId account, std::uint64_t quota) = 0;
  /// Erases everything of the account, in slices of which the first ends all use of it (sessions on
  /// it end with `not_found`). After a crash, and after `shutting_down`, the caller asks again,
  /// till the answer is `not_found`.
  virtual Task<Result<void>> remove_account(AccountId account) = 0;
  virtual std::unique_ptr<AccountSession> open(AccountId account, std::string address) = 0;

  /// Runs the sweeper once: erases due blobs without links, `gone` records past retention, and on
  /// the first run what was pending at start-up. Called now and then by the program.
  virtual Task<Result<void>> sweep() = 0;
  /// Removals and sweeps, those under way included, end before their next commit with
  /// `shutting_down`; what they leave is done after the next start. For good; from any thread.
  virtual void stop_housekeeping() {}
  /// Drafts that wait for message memory, now or later, wait no longer: they fail with
  /// `shutting_down`. For good; from any thread.
  virtual void stop_waiting() {}
  /// The engine was reopened: tells whoever waits for changes, who then finds the session stale.
  virtual void tell_reopened() {}
  /// Who waits for changes of `account` has something else to look at: its login may be good no
  /// more. From any thread.
  virtual void tell_waiting(AccountId /*account*/) {}

  struct Stats {
    std::uint64_t accounts_open = 0;
    std::uint64_t views = 0;
    std::uint64_t view_bytes = 0;
    std::uint64_t delivered = 0;
    std::uint64_t swept_blobs = 0;
    std::uint64_t bugs = 0;  ///< Exceptions after a commit, which cost nobody anything.
  };
  [[nodiscard]] virtual Stats stats() const = 0;
};

/// The store over `engine`. Accounts live on the core `cores[id % cores.size()]`. All arguments
/// outlive it.
std::unique_ptr<MailStore> make_mail_store(kv::Engine& engine, std::span<Core* const> cores,
                                           Settings settings);

}  // namespace postern::store
