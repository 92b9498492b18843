#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedback/aggregate.hpp"
#include "feedback/tls_report.hpp"
#include "reports/topic.hpp"
#include "vocab/result.hpp"

// Keys and records of space `reports`, kinds `seen` and `done` (docs/formats/keys.md). All decoding
// fails with `corrupt`, or `unsupported` for what a later release wrote.
namespace postern::reports {

/// Rows that one process counted within a minute or so.
struct Chunk {
  std::optional<feedback::PolicyPublished> policy;  ///< Topic dmarc: the one seen last.
  bool policy_changed = false;                      ///< It was another before, in this chunk.
  std::vector<feedback::AggregateRecord> rows;
  std::vector<feedback::TlsPolicyReport> tls;
  std::uint64_t left_out = 0;  ///< Messages or sessions that are in no row: there were too many.

  friend bool operator==(const Chunk&, const Chunk&) = default;
};

/// Where a chunk stands.
struct ChunkName {
  Subject subject;
  std::uint64_t run = 0;  ///< Of the process; random.
  std::uint32_t n = 0;

  friend bool operator==(const ChunkName&, const ChunkName&) = default;
};

[[nodiscard]] std::string seen_key(const ChunkName& name);
[[nodiscard]] Result<ChunkName> decode_seen_key(std::string_view key);
[[nodiscard]] std::string encode_chunk(const Chunk& chunk);
[[nodiscard]] Result<Chunk> decode_chunk(std::string_view value);

/// Everything of the kind, of a day, of all domains of a hash (mostly one).
[[nodiscard]] std::string seen_prefix();
[[nodiscard]] std::string seen_prefix(Day day);
[[nodiscard]] std::string seen_prefix(const Subject& subject);

/// What was reported of a day.
struct Done {
  /// From the begin of the day: what is told next begins here.
  std::chrono::sys_seconds until{};
  Timestamp when{};
  std::string report_id;        ///< Of the last report; empty: nobody wants one.
  std::vector<std::string> to;  ///< Addresses and URLs it went to.

  friend bool operator==(const Done&, const Done&) = default;
};

[[nodiscard]] std::string done_key(const Subject& subject);
[[nodiscard]] Result<Subject> decode_done_key(std::string_view key);
[[nodiscard]] std::string encode_done(const Done& done);
[[nodiscard]] Result<Done> decode_done(std::string_view value);
[[nodiscard]] std::string done_prefix();
[[nodiscard]] std::string done_prefix(Day day);

/// The first 64 bits of its SHA-256.
[[nodiscard]] std::uint64_t hash_of(std::string_view text);

}  // namespace postern::reports
