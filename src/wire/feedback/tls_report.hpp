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

// SMTP TLS reports: RFC 8460 §4.
namespace postern::feedback {

/// RFC 8460 §4.4. `unspecified`: absent, or a word not known.
enum class TlsPolicyType : std::uint8_t { unspecified, tlsa, sts, no_policy_found };

/// RFC 8460 §4.3. `other`: one that is not known here; the list may grow.
enum class TlsResult : std::uint8_t {
  other,
  starttls_not_supported,
  certificate_host_mismatch,
  certificate_expired,
  certificate_not_trusted,
  validation_failure,
  tlsa_invalid,
  dnssec_invalid,
  dane_required,
  sts_policy_fetch_error,
  sts_policy_invalid,
  sts_webpki_invalid,
};

/// The words of the RFC; empty for `unspecified` and `other`.
[[nodiscard]] std::string_view to_string(TlsPolicyType type);
[[nodiscard]] std::string_view to_string(TlsResult result);
[[nodiscard]] TlsPolicyType tls_policy_type(std::string_view word);
[[nodiscard]] TlsResult tls_result(std::string_view word);

struct TlsPolicy {
  TlsPolicyType type = TlsPolicyType::unspecified;
  std::vector<std::string> policy_string;  ///< Lines of the STS policy, or TLSA records.
  std::string domain;
  std::vector<std::string> mx_host;  ///< Patterns of the STS policy.

  friend auto operator<=>(const TlsPolicy&, const TlsPolicy&) = default;
};

struct TlsFailure {
  TlsResult result = TlsResult::other;
  std::string other_result;  ///< With `other`: its word.
  std::optional<text::IpAddress> sending_mta_ip;
  std::string receiving_mx_hostname;  ///< The texts: empty if there is none.
  std::string receiving_mx_helo;
  std::optional<text::IpAddress> receiving_ip;
  std::uint64_t failed_sessions = 0;
  std::string additional_information;  ///< A URI.
  std::string failure_reason_code;

  friend auto operator<=>(const TlsFailure&, const TlsFailure&) = default;
};

struct TlsPolicyReport {
  TlsPolicy policy;
  std::uint64_t successful_sessions = 0;
  std::uint64_t failed_sessions = 0;
  std::vector<TlsFailure> failures;

  friend bool operator==(const TlsPolicyReport&, const TlsPolicyReport&) = default;
};

struct TlsReport {
  std::string organization_name;
  std::chrono::sys_seconds begin{};
  std::chrono::sys_seconds end{};
  std::string contact_info;
  std::string report_id;
  std::vector<TlsPolicyReport> policies;

  friend bool operator==(const TlsReport&, const TlsReport&) = default;
};

/// The report as JSON (RFC 8460 §4.4). Texts may hold any octets: what is no UTF-8 becomes U+FFFD,
/// controls become blanks. Absent things are left out; `unspecified` and `other` without a word are
/// written as no-policy-found and validation-failure.
[[nodiscard]] std::string print_tls_report(const TlsReport& report);

inline constexpr std::size_t kMaxJson = std::size_t{10} * 1024 * 1024;
inline constexpr std::size_t kMaxJsonMarks = 1'000'000;  ///< Commas and opening brackets.
inline constexpr std::size_t kMaxJsonDepth = 16;
inline constexpr std::size_t kMaxTlsPolicies = 10'000;
inline constexpr std::size_t kMaxTlsFailures = 50'000;  ///< Of all policies together.
inline constexpr std::size_t kMaxTlsTexts = 100;        ///< Lines of a policy; patterns.

struct ParsedTlsReport {
  TlsReport report;
  bool partial = false;            ///< A limit was met.
  std::vector<std::string> notes;  ///< What was odd, in words for the operator.
};

/// Reads a report, and what reporters make of them: lists given as one text, numbers as texts,
/// members missing or unknown, commas too many. Octets that are no UTF-8 become U+FFFD.
/// Errors: `too_large` (kMaxJson, kMaxJsonMarks); `bad_syntax` (no JSON, too deep, or no object
/// with a list of policies). RFC 8460 §4.4.
[[nodiscard]] Result<ParsedTlsReport> parse_tls_report(std::string_view json);

}  // namespace postern::feedback
