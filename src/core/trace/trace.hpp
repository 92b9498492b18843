#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/core.hpp"
#include "async/task.hpp"
#include "kv/batch.hpp"
#include "kv/engine.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

// "Where is my mail?": what happened to every message, from connect to folder and every attempt to
// send it on. Events that decide ride in the commit they belong to; the others are gathered and
// appended once a second without a sync.
namespace postern::trace {

/// What happened. Names are what `postern trace` prints.
enum class Kind : std::uint8_t {
  received,   ///< A transaction ended in 250: peer, HELO, TLS, envelope, size.
  delivered,  ///< Into a local mailbox: account, mailbox, UID.
  queued,     ///< Waits to be sent: queue id, recipients.
  attempt,    ///< One try at one destination: host, TLS, the remote's words.
  sent,       ///< A remote server took it.
  deferred,   ///< Will be tried again: when, why.
  failed,     ///< Given up for a recipient: why.
  bounced,    ///< A DSN was made: its trace id.
  held,       ///< Waits for a person: why.
  released,
  dropped,  ///< Removed by a named rule or a person.
  refused,  ///< A transaction or recipient was refused after RCPT: reply.
  note,     ///< Anything else worth knowing (TLS retry in clear...).
};
[[nodiscard]] std::string_view to_string(Kind kind);

struct Event {
  TraceId id;
  Timestamp time{};
  Kind kind = Kind::note;
  /// In the order in which they are shown. Keys are short and fixed ("peer", "helo", "from", "to",
  /// "mailbox", "uid", "queue", "host", "tls", "reply", "why", "size"...).
  std::vector<std::pair<std::string, std::string>> fields;
};

/// 16 lower-case hexadecimal digits and back: what Received fields and logs show.
[[nodiscard]] std::string to_text(TraceId id);
[[nodiscard]] Result<TraceId> parse_id(std::string_view text);

class Log {
 public:
  virtual ~Log() = default;
  [[nodiscard]] virtual TraceId new_id() = 0;
  /// Adds `event` to `batch`, findable by each of `addresses` (as "local@domain").
  virtual void add(kv::Batch& batch, const Event& event,
                   const std::vector<std::string>& addresses) const = 0;
  /// Keeps `event` and appends it within a second; lost at most then, with the process. Of the
  /// refusals that a peer's net ("peer" field) causes within a minute the first are kept and the
  /// others counted: one event tells how many. Findable by each of `addresses`, as with `add`.
  virtual void note(Event event, const std::vector<std::string>& addresses) = 0;
  void note(Event event) { note(std::move(event), {}); }
  /// Appends what was noted. Called once a second and at the end.
  virtual Task<Result<void>> flush() = 0;

  /// Every event of `id`, in order of time.
  virtual Task<Result<std::vector<Event>>> events(TraceId id) = 0;
  /// The newest ids that concern `address`, newest first, at most `limit`.
  virtual Task<Result<std::vector<TraceId>>> find(std::string address, std::size_t limit) = 0;
  /// Drops whole days older than `keep`, and of the others the oldest while there are more than
  /// `max_bytes` (0: any number). Today's stay, but are bounded by it from then on: with half of it
  /// full no more refusals are kept, with three quarters nothing that is noted, and beyond it
  /// nothing at all. `add` then adds nothing; the commit goes on without.
  virtual Task<Result<void>> expire(Duration keep, std::uint64_t max_bytes) = 0;

  struct Stats {
    std::uint64_t not_kept = 0;  ///< Events, because of `max_bytes`.
  };
  [[nodiscard]] virtual Stats stats() const { return {}; }
};

/// `core` lends clock and randomness; all arguments outlive the log. Thread-safe.
std::unique_ptr<Log> make_log(kv::Engine& engine, Core& core);

}  // namespace postern::trace
