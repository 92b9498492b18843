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

// Space `reports`, kind `received` (docs/formats/keys.md).
namespace postern::reports {

/// What a failure report says of one message (RFC 6591 §3, RFC 9991). Texts of strangers.
struct FailedMessage {
  std::string feedback_type;
  std::string auth_failure;  ///< Words with blanks between.
  std::string delivery_result;
  std::optional<text::IpAddress> source_ip;
  std::string mail_from;
  std::string from;
  std::string subject;
  std::string message_id;
  std::string dkim_domain;
  std::uint64_t incidents = 1;

  friend bool operator==(const FailedMessage&, const FailedMessage&) = default;
};

/// A report of somebody else, as it is kept.
struct Received {
  Topic topic = Topic::dmarc;
  std::string reporter;  ///< The domain that proved to have sent it; A-label.
  std::string proof;     ///< How: "dmarc", "dkim", "spf".
  Timestamp arrived{};
  // In its own words:
  std::string org_name;
  std::string contact;
  std::string report_id;
  std::chrono::sys_seconds begin{};
  std::chrono::sys_seconds end{};
  std::string domain;  ///< Ours, that it is about; A-label.
  std::optional<feedback::PolicyPublished> policy;
  std::vector<feedback::AggregateRecord> rows;
  std::vector<feedback::TlsPolicyReport> tls;
  std::optional<FailedMessage> failure;
  /// Not all of it is kept: it broke off, or a limit was met.
  bool partial = false;
  std::vector<std::string> notes;  ///< What was odd.

  friend bool operator==(const Received&, const Received&) = default;
};

/// Of the same reporter, id and domain there is one key for each end.
[[nodiscard]] std::string received_key(const Received& report);
/// Whether it is a key of the kind, whole.
[[nodiscard]] bool is_received_key(std::string_view key);
[[nodiscard]] std::string encode_received(const Received& report);
/// Errors: `corrupt`, `unsupported` (of a later release).
[[nodiscard]] Result<Received> decode_received(std::string_view value);

/// Every report about `topic`, and where those begin that end at `end` or later.
[[nodiscard]] std::string received_prefix(Topic topic);
[[nodiscard]] std::string received_from(Topic topic, std::chrono::sys_seconds end);

}  // namespace postern::reports
