#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/ip.hpp"
#include "vocab/result.hpp"

// Reports about mail authentication, as they are exchanged: DMARC aggregate reports, TLS reports,
// failure reports, and the mails they come in. A module beside `report` because who makes DSNs
// shall not be linked with readers of XML, JSON and archives. What is received is hostile until
// shown otherwise: every reader here is bounded in time and memory, and no text it gives back holds
// anything but UTF-8 without controls.
namespace postern::feedback {

/// A policy as published. `unspecified`, here and below: absent, or a word not known.
enum class Policy : std::uint8_t { unspecified, none, quarantine, reject };
/// What was done. `pass`: DMARC passed under an enforcing policy (RFC 9990 §A).
enum class Disposition : std::uint8_t { unspecified, none, pass, quarantine, reject };
enum class Alignment : std::uint8_t { unspecified, relaxed, strict };
/// Whether DKIM or SPF gave an aligned pass.
enum class Aligned : std::uint8_t { unspecified, pass, fail };
/// The words of RFC 8601 §2.7.1 and §2.7.2 (`softfail` is SPF's alone).
enum class AuthResult : std::uint8_t {
  unspecified,
  none,
  pass,
  fail,
  softfail,
  policy,
  neutral,
  temperror,
  permerror,
};
enum class SpfScope : std::uint8_t { unspecified, mfrom, helo };
/// How the policy record was found: by a suffix list or by walking up the tree of domains.
enum class Discovery : std::uint8_t { unspecified, psl, treewalk };
/// RFC 9990 §3.1.6; `forwarded` and `sampled_out` are RFC 7489's.
enum class Override : std::uint8_t {
  unspecified,
  local_policy,
  mailing_list,
  other,
  policy_test_mode,
  trusted_forwarder,
  forwarded,
  sampled_out,
};

struct ReportMetadata {
  std::string org_name;
  std::string email;
  std::string extra_contact_info;  ///< Empty: none.
  std::string report_id;
  std::chrono::sys_seconds begin{};  ///< Of the reporting period.
  std::chrono::sys_seconds end{};
  std::vector<std::string> errors;  ///< RFC 9990 allows one: they are printed joined.
  std::string generator;            ///< Empty: none.

  friend bool operator==(const ReportMetadata&, const ReportMetadata&) = default;
};

/// The record as found, with defaults filled in where the reporter did so.
struct PolicyPublished {
  std::string domain;
  Policy p = Policy::unspecified;
  Policy sp = Policy::unspecified;
  Policy np = Policy::unspecified;
  Alignment adkim = Alignment::unspecified;
  Alignment aspf = Alignment::unspecified;
  std::string fo;               ///< Empty: not said.
  std::optional<bool> testing;  ///< The tag `t`.
  Discovery discovery_method = Discovery::unspecified;
  std::optional<std::uint8_t> pct;  ///< RFC 7489's; read, never printed.
  std::string psd;  ///< In no schema, though some write it; read, never printed. Empty: not said.

  friend bool operator==(const PolicyPublished&, const PolicyPublished&) = default;
};

struct OverrideReason {
  Override type = Override::unspecified;
  std::string comment;

  friend auto operator<=>(const OverrideReason&, const OverrideReason&) = default;
};

struct DkimAuth {
  std::string domain;    ///< d=
  std::string selector;  ///< s=
  AuthResult result = AuthResult::unspecified;
  std::string human_result;

  friend auto operator<=>(const DkimAuth&, const DkimAuth&) = default;
};

struct SpfAuth {
  std::string domain;
  SpfScope scope = SpfScope::unspecified;
  AuthResult result = AuthResult::unspecified;
  std::string human_result;

  friend auto operator<=>(const SpfAuth&, const SpfAuth&) = default;
};

/// One row: messages of which all of this was true.
struct AggregateRecord {
  std::optional<text::IpAddress> source_ip;  ///< Nothing: what stood there is no address.
  std::uint64_t count = 0;
  Disposition disposition = Disposition::unspecified;
  Aligned dkim = Aligned::unspecified;
  Aligned spf = Aligned::unspecified;
  std::vector<OverrideReason> reasons;
  std::string header_from;                   ///< Domain.
  std::optional<std::string> envelope_from;  ///< Domain; empty for the null reverse-path.
  std::optional<std::string> envelope_to;    ///< Domain.
  std::vector<DkimAuth> dkim_results;
  std::vector<SpfAuth> spf_results;  ///< RFC 9990 allows one: see `print_aggregate`.

  friend auto operator<=>(const AggregateRecord&, const AggregateRecord&) = default;
};

struct AggregateReport {
  ReportMetadata metadata;
  PolicyPublished policy;
  std::vector<AggregateRecord> records;

  friend bool operator==(const AggregateReport&, const AggregateReport&) = default;
};

/// The report as XML in UTF-8: RFC 9990 §3.1.1 and §A, its elements in the order that RFC 7489 §C
/// wants too, so that readers of either take it. Texts may hold any octets: what is no UTF-8
/// becomes U+FFFD, what XML 1.0 does not allow is dropped, blanks at the ends too. What the schema
/// demands and the value leaves unspecified is printed as `none`, for alignment `fail`. Of several
/// SPF results the first that is not about EHLO is printed. A record without `source_ip` is left
/// out. The caller sees to it that there is at least one record.
[[nodiscard]] std::string print_aggregate(const AggregateReport& report);

/// Octets of XML that are looked at; memory while reading is about twenty times as much at worst.
inline constexpr std::size_t kMaxXml = std::size_t{10} * 1024 * 1024;
inline constexpr std::size_t kMaxXmlMarks = 1'000'000;  ///< `<` and `=` each.
inline constexpr std::size_t kMaxRecords = 50'000;
inline constexpr std::size_t kMaxDkimResults = 100;  ///< Of one record (RFC 9990 §3.1.3).
inline constexpr std::size_t kMaxReasons = 20;       ///< Of one record; SPF results too.
inline constexpr std::size_t kMaxText = 2048;        ///< Octets of one text; the rest is cut off.
inline constexpr std::size_t kMaxNotes = 20;

struct ParsedAggregate {
  AggregateReport report;
  bool rfc9990 = false;  ///< In the namespace of RFC 9990 §6.1.
  /// Not all of the report is here: the XML broke off, or a limit was met. What is here is whole.
  bool partial = false;
  /// What was odd, in words for the operator; at most kMaxNotes.
  std::vector<std::string> notes;
};

/// Reads a report by either RFC, and what reporters make of them: UTF-8, UTF-16 or any charset that
/// is declared; elements in any order, case and namespace; unknown ones, document types and
/// entities passed over (no entity but the five of XML is ever expanded). Of XML that breaks off
/// the whole records before the break are given, `partial`.
/// Errors: `too_large` (kMaxXml, kMaxXmlMarks); `bad_syntax` (no XML, no `feedback` in it, or
/// nothing of a report within). RFC 7489 §C, RFC 9990 §3.1.1.
[[nodiscard]] Result<ParsedAggregate> parse_aggregate(std::string_view xml);

}  // namespace postern::feedback
