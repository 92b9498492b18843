#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "async/task.hpp"
#include "directory/directory.hpp"
#include "kv/batch.hpp"
#include "queue/message.hpp"
#include "queue/queue.hpp"
#include "queue/transport.hpp"
#include "signing/signer.hpp"
#include "store/draft.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// Where accepted mail goes: into local mailboxes and the queue, in one durable commit. Knows no
// protocol; edge asks it at RCPT and at the end of DATA. Local recipients that cannot be served in
// that commit (more than 64 accounts, a mailbox that filled up, an account that went) travel in the
// same queue record as remote ones, under the address of their account; the queue hands them back
// to the port of `make_queued_delivery`.
namespace postern::delivery {

/// Who hands the mail in.
struct Source {
  bool submission = false;     ///< Logged in: may send anywhere.
  AccountId account;           ///< Of the login; 0 otherwise.
  bool sender_proven = false;  ///< MAIL FROM passed SPF or aligned DKIM: may get DSNs (A11).
};

/// What may be said at RCPT. Every refusal has its Errc; `text` is set where an address has its
/// own words.
struct RecipientVerdict {
  enum class Kind : std::uint8_t {
    accept,        ///< Local or, for submitters, anywhere.
    unknown,       ///< 550 5.1.1
    disabled,      ///< 550 5.1.1 with `text`
    relay_denied,  ///< 550 5.7.1
    full,          ///< 452 4.2.2
    full_long,     ///< 552 5.2.2
    never_fits,    ///< 552 5.2.3
    try_later,     ///< 451 4.3.0: the store cannot be asked.
  };
  Kind kind = Kind::unknown;
  std::string text;
};

/// Where the copies for one recipient go.
enum class Folder : std::uint8_t {
  inbox,
  junk,
  rejects,  ///< Alone it would have been refused; other recipients were not (row A11).
};

/// One accepted RCPT.
struct Recipient {
  smtp::Address address;
  std::string orcpt;
  queue::Notify notify;
};

/// Where an account's copy goes, and a field of it that says why, with its CRLF; empty: none.
struct Handling {
  Folder folder = Folder::inbox;
  std::string reason = {};
};

struct Transaction {
  TraceId id;
  Source source;
  queue::Envelope envelope;
  std::vector<Recipient> recipients;
  std::string received;  ///< Our Received field with CRLF, without "for".
  /// More fields of the served prefix, with CRLF: Authentication-Results of what comes in,
  /// DKIM-Signatures of what is ours. Above `received`.
  std::string verdict = {};
  /// More fields, with CRLF, above these, for whom an alias of `domain` leads to elsewhere (an ARC
  /// set). Asked for if there is anybody such, once; borrowed till the message is delivered. Null:
  /// none.
  std::function<Task<std::string>(std::string domain)> seal = {};
  std::string sealed = {};  ///< What `seal` gave; delivery's own.
  /// Of the body: not to be shown (forged verdicts), in order.
  std::vector<store::Elided> elided = {};
  bool junk = false;  ///< Copies go to Junk, and none is passed on elsewhere.
  /// Of whom that does not hold; 0: whoever is no account of ours.
  std::map<AccountId, Handling> by_account = {};
  std::string peer;  ///< For the trace: "mail.example [192.0.2.1]".
  std::vector<std::pair<std::string, std::string>> facts;  ///< More for the trace (TLS, HELO...).
  bool expendable = false;                                 ///< See queue::Message.
  kv::Batch also = {};  ///< For the same commit: what somebody learned from the message.
};

struct Outcome {
  std::vector<store::Placed> placed;
  std::optional<QueueId> queued;
};

class Delivery {
 public:
  virtual ~Delivery() = default;
  /// `size`: SIZE= of MAIL, 0 if not given.
  virtual Task<RecipientVerdict> check(const smtp::Address& recipient, std::uint64_t size,
                                       Source source) = 0;
  virtual std::unique_ptr<store::Draft> new_draft() = 0;
  /// The final dot. When this returns a value, every recipient's copy is durable: in a mailbox or
  /// in the queue. A local recipient whose account cannot take it now is queued. Failures, with
  /// nothing accepted: `over_quota` and `too_large` (every recipient; for ever), `store_full`,
  /// `unavailable`, `outcome_unknown`, `policy_reject` (a loop), `limit_reached`, `not_found` (no
  /// recipient exists any more). An account that several recipients lead to gets one copy, with the
  /// Delivered-To of the first. NOTIFY=SUCCESS of those delivered here is answered when the source
  /// may get DSNs.
  virtual Task<Result<Outcome>> deliver(Transaction transaction,
                                        std::shared_ptr<const store::StagedMessage> message) = 0;
  /// A notice of our own (DSN): null sender, to a local or remote address. See queue::SubmitNotice.
  /// `not_found`: a local address that does not exist (any more).
  virtual Task<Result<TraceId>> submit_notice(std::string content, smtp::Address to,
                                              TraceId about) = 0;
};

struct Settings {
  std::string hostname;
  std::uint32_t max_received = 100;            ///< More Received fields are a loop: 554 5.4.6.
  Duration queue_life = std::chrono::days{5};  ///< As queue::Settings::life: sets `expires`.
  signing::Signer* signer = nullptr;  ///< Of our notices; outlives it. Null: nobody signs them.
};

/// All arguments outlive it.
std::unique_ptr<Delivery> make_delivery(store::MailStore& store, directory::Directory& directory,
                                        queue::Queue& queue, trace::Log& trace, Core& core,
                                        Settings settings);

/// Recipients of a local domain that had to wait in the queue (more accounts than one commit takes,
/// a full mailbox, an account that went away after RCPT), for `Queue::deliver_locally_with`. The
/// content is read and stored anew, in the commit that also tells the queue. All arguments outlive
/// it.
std::unique_ptr<queue::LocalDelivery> make_queued_delivery(store::MailStore& store,
                                                           const directory::Directory& directory,
                                                           queue::Queue& queue, trace::Log& trace,
                                                           Core& core);

}  // namespace postern::delivery
