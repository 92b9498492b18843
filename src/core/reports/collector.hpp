#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "async/clock.hpp"
#include "async/random.hpp"
#include "async/task.hpp"
#include "dmarc/tree_walk.hpp"
#include "feedback/tally.hpp"
#include "kv/engine.hpp"
#include "reports/seen_codec.hpp"
#include "reports/topic.hpp"

namespace postern::reports {

/// A message that was judged, as its author's domain is told (RFC 9990 §3.1.1). `row.count` is 1.
struct SeenMessage {
  feedback::PolicyPublished policy;  ///< `domain`: where the record stands; who is told.
  feedback::AggregateRecord row;
};

/// A session with another server, as its domain is told (RFC 8460 §4).
struct SeenSession {
  std::string domain;  ///< Of the recipients; A-label.
  feedback::TlsPolicyType type = feedback::TlsPolicyType::no_policy_found;
  std::string mx;  ///< The host's name.
  std::optional<text::IpAddress> mx_ip;
  std::optional<text::IpAddress> our_ip;
  std::optional<feedback::TlsResult> failure;  ///< Nothing: TLS was used.
  std::string reason;  ///< More about the failure, for people; may be empty.
};

/// Counts what is seen till `flush` stores it. Whatever strangers do, it stays small: of what goes
/// beyond a limit it is counted only that it was. A crash loses what came since the last flush: of
/// statistics, nobody waits for the disk. Thread-safe.
class Collector {
 public:
  struct Limits {
    std::size_t domains = 10'000;           ///< Of one day and topic.
    std::size_t organisation_domains = 50;  ///< Of those, below one registered name.
    std::size_t rows = 10'000;              ///< Of one domain between flushes.
    std::size_t stored_rows = 50'000;       ///< Of one domain and day, equal ones included.
    std::size_t pending_rows = 20'000;      ///< Of all, between flushes.
    std::size_t pending_bytes = std::size_t{16} << 20U;      ///< Of all, between flushes; about.
    std::size_t day_bytes = std::size_t{64} << 20U;          ///< Stored in one day; about.
    std::size_t organisation_bytes = std::size_t{4} << 20U;  ///< Of those, and one topic.
  };
  struct Stats {
    std::uint64_t messages = 0;
    std::uint64_t sessions = 0;
    std::uint64_t left_out = 0;  ///< Of both: stand in no row.
    std::uint64_t not_kept = 0;  ///< Chunks that the store did not take, and too many to wait.
  };

  /// The first three outlive it; `suffix` is called by whoever notes.
  Collector(kv::Engine& engine, const Clock& clock, Random& random)
      : Collector(engine, clock, random, Limits{}) {}
  Collector(kv::Engine& engine, const Clock& clock, Random& random, Limits limits,
            dmarc::PublicSuffix suffix = {});

  void note(SeenMessage message);
  void note_tls(SeenSession session);

  /// There is so much that it should not wait for its time.
  [[nodiscard]] bool wants_flush() const {
    return rows_.load() > limits_.pending_rows / 2 || bytes_.load() > limits_.pending_bytes / 2;
  }
  /// Appends what was counted; returns when it is ordered, not when it is on disk. What the store
  /// does not take is counted on, for the next time. Errors: those of Engine::append.
  Task<Result<void>> flush();
  [[nodiscard]] Stats stats() const;

 private:
  struct Tally {
    std::string organisation;
    std::optional<feedback::PolicyPublished> policy;
    bool policy_changed = false;
    feedback::AggregateTally messages;
    feedback::TlsTally sessions;
    std::uint64_t left_out = 0;
    std::size_t bytes = 0;  ///< About so many, when stored.

    [[nodiscard]] std::size_t rows() const { return messages.rows() + sessions.rows(); }
    [[nodiscard]] Chunk chunk() const;
  };
  using Tallies = std::map<Subject, Tally>;
  struct Share {
    std::size_t domains = 0;
    std::size_t bytes = 0;
  };
  /// What one day takes: what is stored, and what waits for it.
  struct Used {
    std::map<std::pair<Topic, std::uint64_t>, std::size_t> rows;  ///< By hash of the domain.
    std::map<Topic, std::size_t> domains;
    std::map<std::pair<Topic, std::string>, Share> organisations;
    std::size_t bytes = 0;
  };

  /// Where to count; null: it is left out.
  Tally* tally_for(const Subject& subject);
  [[nodiscard]] bool is_full(const Used& used, const Subject& subject,
                             const std::string& organisation) const;
  bool take_slot(Used& used, const Subject& subject, const std::string& organisation);
  void grow(const Subject& subject, Tally& tally, std::size_t rows, std::size_t bytes);
  template <class Add>
  void add_row(const Subject& subject, Tally& tally, std::size_t bytes, const Add& add);
  template <class Add>
  void count(const Subject& subject, std::size_t bytes, const Add& add);
  void forget(const Tallies& tallies);
  void put_back(Tallies unsaved);
  kv::Batch encode(const Tallies& tallies);

  kv::Engine& engine_;
  const Clock& clock_;
  const Limits limits_;
  const dmarc::PublicSuffix suffix_;
  const std::uint64_t run_;

  mutable std::mutex mutex_;
  Tallies tallies_;
  std::map<Day, Used> used_;  ///< Of today, and of yesterday about midnight.
  Stats stats_;
  std::uint32_t next_ = 0;
  std::atomic<std::size_t> rows_{0};   ///< That wait to be stored.
  std::atomic<std::size_t> bytes_{0};  ///< Of those.
};

}  // namespace postern::reports
