#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mime/header.hpp"
#include "smtp/address.hpp"
#include "smtp/reply.hpp"

// What a message's header must hold to be taken, and how a submitted one is completed (rows A3 and
// D2). Pure.
namespace postern::smtpd {

/// The refusal of a message with no From field or several: whose mail it is would be in the eye of
/// each reader (RFC 5322 §3.6).
[[nodiscard]] std::optional<smtp::Reply> judge_from_count(const mime::Header& header);

struct SubmissionRules {
  std::function<bool(const smtp::Address&)> may_send_as;  ///< By whoever logged in.
  bool relay = false;                                     ///< ... and who may submit others' mail.
  bool null_sender = false;                               ///< MAIL FROM was <>.
  std::string date;                                       ///< Value of a missing Date field.
  std::string message_id;                                 ///< Value of a missing Message-ID field.
};

/// The header of a submitted message as it goes on, or why it does not. `raw`: everything up to and
/// including the empty line, or the whole message where there is none.
///
/// Refused: a line that is no field; a field twice that may stand once (RFC 5322 §3.6); a From that
/// names anyone but the submitter. Where mail is resent (RFC 5322 §3.6.6) the uppermost, that is
/// the last, Resent-From is held against the login instead. The null sender is for reports and
/// automatic mail only (RFC 3834, RFC 3464).
/// Changed: Date and Message-ID are added when missing (RFC 6409); Bcc, Return-Path, verdicts
/// (Authentication-Results, Postern-Reason) and, unless it is resent mail, Received go.
/// Whoever relays others' mail is not held against From, Resent-From or the null sender, and
/// Received stays: it shows how the mail came there, and ends loops (RFC 5321 §6.3).
[[nodiscard]] std::expected<std::string, smtp::Reply> complete_header(std::string_view raw,
                                                                      const SubmissionRules& rules);

}  // namespace postern::smtpd
