#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmarc/report_uri.hpp"
#include "vocab/result.hpp"

// What a domain publishes at `_dmarc`: RFC 9989 §4.7, §4.8, and the tags of RFC 7489 §6.3 that are
// still met.
namespace postern::dmarc {

enum class Policy : std::uint8_t { none, quarantine, reject };
[[nodiscard]] std::string_view to_string(Policy policy);
/// "none", "quarantine", "reject" in any case; nothing for any other word.
[[nodiscard]] std::optional<Policy> parse_policy(std::string_view word);
/// What is left of `policy` in test mode: one level less (RFC 9989 §4.7, tag `t`).
[[nodiscard]] Policy one_level_lower(Policy policy);

enum class AlignmentMode : std::uint8_t { relaxed, strict };

/// The tag `psd`: whether the record stands at a public suffix, at an organisational domain, or
/// leaves that to the tree walk.
enum class Psd : std::uint8_t { unsaid, yes, no };

/// One record. Tags that are absent or not what their grammar says hold their defaults
/// (RFC 9989 §4.8); `faults` tells of the latter.
struct Record {
  std::optional<Policy> p;  ///< As published, when valid. `policy()` is what counts.
  std::optional<Policy> sp;
  std::optional<Policy> np;
  AlignmentMode adkim = AlignmentMode::relaxed;
  AlignmentMode aspf = AlignmentMode::relaxed;
  Psd psd = Psd::unsaid;
  /// `t=y`. Also `pct=0` without `t`, which is how records of RFC 7489 ask for the same
  /// (RFC 9989 A.6). Any other `pct` changes nothing: RFC 9989 dropped it.
  bool testing = false;
  std::vector<ReportUri> rua;
  std::vector<ReportUri> ruf;
  std::string fo = "0";  ///< Valid options joined by ':', lower case; "0" unless `ruf` is there.
  std::optional<std::uint32_t> pct;      ///< Historic, 0-100.
  std::optional<std::uint32_t> ri;       ///< Historic, seconds.
  std::string rf = {};                   ///< Historic, as written.
  std::vector<std::string> faults = {};  ///< For reports and for people; at most kMaxFaults.

  /// False when `p` is missing or `p`, `sp` or `np` is not valid (RFC 9989 §4.10.1).
  bool policies_valid = true;

  /// Whether there is anything to apply: valid policies, or a place for reports, in which case all
  /// policies count as `none` (RFC 9989 §4.10.1). If not, DMARC does not apply to the message.
  [[nodiscard]] bool usable() const { return policies_valid || !rua.empty(); }
  /// For the domain that publishes it.
  [[nodiscard]] Policy policy() const { return policies_valid && p ? *p : Policy::none; }
  /// For names below it that exist, and for those that do not (RFC 9989 §4.7, `sp` and `np`).
  [[nodiscard]] Policy subdomain_policy() const { return policies_valid && sp ? *sp : policy(); }
  [[nodiscard]] Policy nonexistent_policy() const {
    return policies_valid && np ? *np : subdomain_policy();
  }
};

inline constexpr std::size_t kMaxFaults = 16;

/// Whether `text` begins as a DMARC record does: `v=DMARC1` is its first tag (RFC 9989 §4.10,
/// step 2). The tag's name in any case, the value not; blanks where RFC 6376 §3.2 allows them.
[[nodiscard]] bool is_record(std::string_view text);

/// Reads one TXT record, its strings joined. Unknown tags are ignored. A known tag that is not
/// what its grammar says, or that stands there twice (RFC 6376 §3.2), counts as absent and is
/// named in `faults`, but invalid policies count as RFC 9989 §4.10.1 says. Linear; at most
/// kMaxReportUris addresses each.
/// Error `bad_syntax`: not a DMARC record, see `is_record`.
[[nodiscard]] Result<Record> parse_record(std::string_view text);

}  // namespace postern::dmarc
