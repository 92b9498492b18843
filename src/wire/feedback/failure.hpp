#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/date.hpp"
#include "text/ip.hpp"
#include "vocab/result.hpp"

// Failure reports and complaints in the Abuse Reporting Format: RFC 5965, with the fields of
// RFC 6591 and RFC 9991 for authentication failures. Read only: Postern sends none.
namespace postern::feedback {

/// The fields of a message/feedback-report part. Texts: unfolded, UTF-8 without controls, at most
/// kMaxText octets; empty if absent.
struct FailureReport {
  std::string feedback_type;  ///< Lower case: abuse, auth-failure, fraud, ...
  std::string user_agent;
  std::string version;
  std::string original_envelope_id;
  std::string original_mail_from;             ///< Without angle brackets.
  std::vector<std::string> original_rcpt_to;  ///< The same.
  std::optional<mime::DateTime> arrival_date;
  std::string reporting_mta;  ///< Without its type (`dns;`).
  std::optional<text::IpAddress> source_ip;
  std::optional<std::uint16_t> source_port;
  std::uint64_t incidents = 1;
  std::vector<std::string> authentication_results;
  std::vector<std::string> reported_domain;
  std::vector<std::string> reported_uri;
  // RFC 6591 §3.1 and §3.2:
  std::vector<std::string>
      auth_failure;             ///< Lower case: adsp, bodyhash, revoked, dkim, spf, dmarc.
  std::string delivery_result;  ///< Lower case: delivered, spam, policy, reject, other.
  std::vector<std::string> identity_alignment;  ///< Lower case: dkim, spf, none (RFC 9991).
  std::string dkim_domain;
  std::string dkim_identity;
  std::string dkim_selector;
  std::string dkim_selector_dns;
  std::vector<std::string> spf_dns;
  bool has_canonicalized_header = false;  ///< What was hashed is in the report; it is not kept.
  bool has_canonicalized_body = false;
  /// Of the message in question; empty without it.
  std::string original_header;  ///< Octets as received, at most kMaxOriginalHeader.
  std::string from;
  std::string subject;  ///< Encoded words decoded.
  std::string message_id;
  std::optional<mime::DateTime> date;

  friend bool operator==(const FailureReport&, const FailureReport&) = default;
};

inline constexpr std::size_t kMaxFailureFields = std::size_t{256} * 1024;  ///< Octets looked at.
inline constexpr std::size_t kMaxFailureTexts = 50;                        ///< Of repeated fields.
inline constexpr std::size_t kMaxOriginalHeader = std::size_t{64} * 1024;

/// Reads the decoded body `fields` of a message/feedback-report part, and `original`: the message
/// in question or its header, as much as there is. Error `bad_syntax`: no Feedback-Type.
/// RFC 5965 §3, RFC 6591 §3.
[[nodiscard]] Result<FailureReport> parse_failure(std::string_view fields,
                                                  std::string_view original);

}  // namespace postern::feedback
