#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/task.hpp"
#include "kv/batch.hpp"
#include "vocab/result.hpp"
#include "vocab/strong.hpp"

// The storage engine below the mail store: ordered keys, atomic batches, and a strict line between
// what is written (the tip), what is on disk (durable) and what readers see (published).
//
//   append(batch)   orders the batch and shows it to readers of the tip only -> ticket
//   durable(ticket) returns when a sync covers it; then, and only then, published() shows it
//
// Only the writer of an account reads the tip, to decide its next batch. Every reply, session
// read, feed, count and index reads published state. A failed sync publishes nothing and makes the
// engine read-only on the last published state: its tickets end in `outcome_unknown`. The engine
// tries to reopen by itself; `generation` then rises, and whoever holds state derived from the tip
// must throw it away.
namespace postern::kv {

/// The order of batches; 0 is before the first.
using Ticket = Strong<struct TicketTag, std::uint64_t>;

struct Pair {
  std::string key;
  std::string value;
};

/// What to scan: keys in [begin, end), forwards or backwards; nothing when begin >= end.
struct Range {
  std::string begin;
  std::string end;
  std::size_t limit = 1000;                       ///< At most so many pairs...
  std::size_t max_bytes = std::size_t{4} << 20U;  ///< ...and stop once so many bytes are there.
  bool backwards = false;
};

struct Page {
  std::vector<Pair> pairs;
  bool more = false;  ///< A limit ended the scan: go on after the last key.
};

/// Leaves of `range`, which was just scanned, what comes after `page`. False: there is no more.
[[nodiscard]] inline bool next_page(Range& range, const Page& page) {
  if (!page.more || page.pairs.empty()) return false;
  const auto& last = page.pairs.back().key;
  if (range.backwards) {
    range.end = last;
  } else {
    range.begin = last + '\0';
  }
  return true;
}

/// A frozen state (but see Engine::tip). Every call may be made on any core and answers on the
/// caller's; cached data comes without a thread switch. Failures: `corrupt`, `io_failed`,
/// `unavailable` (of a generation that is gone: ask the engine for a new reader), `limit_reached`
/// (too many reads wait for the disk).
class Reader {
 public:
  virtual ~Reader() = default;
  /// The values of `keys`, in order; nothing where there is no such key.
  virtual Task<Result<std::vector<std::optional<std::string>>>> get(
      std::vector<std::string> keys) const = 0;
  virtual Task<Result<Page>> scan(Range range) const = 0;
  /// The newest batch in this state; for the tip, the newest there was when it was asked for.
  [[nodiscard]] virtual Ticket ticket() const = 0;
};

/// The engine's health, for replies and the admin.
enum class Health : std::uint8_t {
  good,
  low_space,  ///< Below the reserve: mail is refused with `store_full`, erasing goes on.
  read_only,  ///< A write or sync failed: nothing is taken till the engine is reopened.
};

/// Thread-safe. `Durability` and failure rules above.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Orders `batch` behind all earlier ones. Failures, with nothing written: `unavailable`
  /// (read-only), `io_failed` (the engine is read-only from now on). Batches with `adds_mail` fail
  /// with `store_full` when space is low.
  enum class Purpose : std::uint8_t { adds_mail, housekeeping };
  virtual Task<Result<Ticket>> append(Batch batch, Purpose purpose) = 0;

  /// Returns once everything up to `ticket` is on disk and published. Failure: `outcome_unknown`.
  virtual Task<Result<void>> durable(Ticket ticket) = 0;

  /// The newest durable ticket.
  [[nodiscard]] virtual Ticket published_ticket() const = 0;
  /// The state readers may see; never null; cheap.
  [[nodiscard]] virtual std::shared_ptr<const Reader> published() const = 0;
  /// With every appended batch, durable or not. For an account's writer, and to read back what one
  /// wrote oneself. Not frozen: each call sees all that was appended before it.
  [[nodiscard]] virtual std::shared_ptr<const Reader> tip() const = 0;

  [[nodiscard]] virtual Health health() const = 0;
  /// Rises whenever the engine was reopened after a failure.
  [[nodiscard]] virtual std::uint64_t generation() const = 0;

  struct Stats {
    std::uint64_t appends = 0;
    std::uint64_t syncs = 0;
    std::uint64_t bytes_appended = 0;
    std::uint64_t reopens = 0;
  };
  [[nodiscard]] virtual Stats stats() const = 0;
};

}  // namespace postern::kv
