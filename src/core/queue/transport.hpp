#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "kv/batch.hpp"
#include "queue/message.hpp"
#include "vocab/result.hpp"

// What the queue needs of whoever can talk to other servers. edge/smtpc implements it; tests and
// the simulator have their own.
namespace postern::queue {

/// Octets [offset, offset+length) of the message as it is sent (prefix, then body).
using ReadContent =
    std::function<Task<Result<std::string>>(std::uint64_t offset, std::uint64_t length)>;

/// Some recipients of one message, all of one destination domain.
struct Job {
  QueueId id;
  TraceId trace;
  std::string domain;  ///< A-label or address literal.
  Envelope envelope;
  std::vector<Recipient> recipients;
  std::uint64_t size = 0;  ///< Octets of the content.
  bool has_8bit_header = false;
  bool has_8bit_body = false;
  bool has_long_lines = false;
  bool own = false;  ///< Submitted here: its content may be re-encoded (it is ours to sign).
  AccountId sender;  ///< As in Message, like the two below.
  bool sender_proven = false;
  bool junk = false;
  std::vector<Hidden> hidden;  ///< Of the content.
  Timestamp expires{};
  ReadContent read;
};

/// What became of one recipient in one attempt.
struct RecipientOutcome {
  enum class Kind : std::uint8_t { sent, deferred, failed };
  Kind kind = Kind::deferred;
  int code = 0;                ///< The remote's, or 0 if it never spoke.
  std::string status;          ///< Enhanced status, ours or theirs: "5.1.1".
  std::string text;            ///< The remote's words, or ours.
  std::string host;            ///< Who said so; empty: we.
  bool dsn_passed_on = false;  ///< The next hop takes care of success notices.
};

struct Attempt {
  std::vector<RecipientOutcome> outcomes;  ///< One for each recipient, in order.
  /// What was tried, for the trace: "mx1.example [192.0.2.1]:25 TLSv1.3: 250 ...".
  std::vector<std::string> steps;
  bool destination_down = false;  ///< No host of the domain could be talked to at all.
  // Of LocalDelivery alone:
  bool settled = false;  ///< The outcomes are on disk, by a commit with what Settle gave.
  bool unknown = false;  ///< Such a commit may have happened or not: what is on disk holds.
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// Never fails as a whole: every recipient has an outcome. Limits on time are its own.
  virtual Task<Attempt> attempt(Job job) = 0;
};

/// The operations that record `outcomes` (one for each recipient of the job, in order) and their
/// trace with the queued message. For one commit: whoever tries another, because the first was
/// refused, asks again. Called on the queue's core.
using Settle = std::function<kv::Batch(const std::vector<RecipientOutcome>& outcomes)>;

/// Where recipients go that are ours and had to wait (an account that could not take mail, more
/// accounts than one commit holds). core/delivery implements it; `Queue::deliver_locally_with`
/// tells the queue.
class LocalDelivery {
 public:
  virtual ~LocalDelivery() = default;
  /// Whether mail for `domain` (as in `Job::domain`) stays here.
  virtual Task<bool> is_local(std::string domain) = 0;
  /// Recipients in one job at most.
  static constexpr std::size_t kMaxRecipients = 64;
  /// As `Transport::attempt`. What `settle` returns belongs into the commit that delivers: so a
  /// crash neither loses a copy nor makes a second one.
  virtual Task<Attempt> attempt_local(Job job, Settle settle) = 0;
};

}  // namespace postern::queue
