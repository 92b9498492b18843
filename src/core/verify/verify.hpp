#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "kv/engine.hpp"
#include "vocab/result.hpp"

// Proves, reading only, that a store is what it should be: every key known and in its place, every
// record readable, every count the sum of what it counts, every reference answered from both
// sides, every body whole (docs/formats/keys.md names the keys). What a killed process may leave
// behind and the sweeper takes away later (pending bodies, bodies due for erasure) is no finding.
namespace postern::verify {

/// One breach of an invariant.
struct Finding {
  std::string where;  ///< "account 00c0ffee00c0ffee, mailbox 7, uid 12"
  std::string what;   ///< "its message does not exist"
};

/// What was looked at.
struct Counts {
  std::uint64_t keys = 0;
  std::uint64_t domains = 0;
  std::uint64_t accounts = 0;
  std::uint64_t addresses = 0;
  std::uint64_t mailboxes = 0;
  std::uint64_t entries = 0;
  std::uint64_t messages = 0;
  std::uint64_t gone = 0;    ///< Expunged and kept for undelete.
  std::uint64_t bodies = 0;  ///< Stored once each, however many messages share them.
  std::uint64_t chunks = 0;
  std::uint64_t octets = 0;   ///< Of all bodies, uncompressed.
  std::uint64_t pending = 0;  ///< Bodies coming in, or left over by a process that was killed.
  std::uint64_t queued = 0;
  std::uint64_t trace_events = 0;
};

struct Report {
  /// Findings listed; the others are only counted.
  static constexpr std::size_t kMaxFindings = 1000;

  std::vector<Finding> findings;
  std::uint64_t found = 0;
  Counts counts;

  [[nodiscard]] bool clean() const { return found == 0; }
  void add(std::string where, std::string what);
};

/// Walks everything `reader` shows. Memory: about 100 octets for each message of the largest
/// account and 32 for each message of all. Lets others on the core have their turn now and then.
/// Failures (`unavailable`: the engine was reopened) end it; what cannot be read is a finding.
[[nodiscard]] Task<Result<Report>> verify_store(std::shared_ptr<const kv::Reader> reader);

}  // namespace postern::verify
