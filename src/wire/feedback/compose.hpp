#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedback/aggregate.hpp"
#include "feedback/tls_report.hpp"
#include "mime/address.hpp"
#include "mime/date.hpp"
#include "vocab/result.hpp"

// The mails in which reports are sent. Signing them is the caller's matter: aggregate reports must
// pass DMARC (RFC 9990 §3.5.2), TLS reports need a DKIM signature whose key allows the service
// `tlsrpt` or any (RFC 8460 §3).
namespace postern::feedback {

/// What a mail needs besides the report. Everything is passed in: the same comes out of the same.
struct ReportEnvelope {
  mime::Mailbox from;
  std::vector<mime::Mailbox> to;
  std::string submitter;  ///< Our domain: in the file's name and the subject.
  std::string domain;     ///< That the report is about.
  /// Of the report. Letters and digits: then it stands in the file's name as well, where RFC 9990
  /// §3.1.4 wants the same; with other characters it is left out there.
  std::string report_id;
  std::string message_id;  ///< Of the mail, without <>; unique.
  std::string boundary;    ///< Up to 70 letters and digits.
  mime::DateTime date;
};

struct ReportMail {
  std::string message;    ///< 7-bit CRLF lines of at most 998 octets.
  std::string file_name;  ///< Of the attachment.
  /// The attachment as it is sent, compressed and encoded: what a size limit in `rua` is compared
  /// with (RFC 9990 §3.5).
  std::size_t attachment_octets = 0;
};

/// `receiver!domain!begin!end[!unique-id].extension`. What belongs into no domain becomes `-`.
/// RFC 7489 §7.2.1.1, RFC 9990 §3.5.2, RFC 8460 §5.1.
[[nodiscard]] std::string report_file_name(const ReportEnvelope& envelope,
                                           std::chrono::sys_seconds begin,
                                           std::chrono::sys_seconds end,
                                           std::string_view extension);

/// `Report Domain: D Submitter: S Report-ID: <ID>` (RFC 9990 §3.5.2, RFC 8460 §5.3).
[[nodiscard]] std::string report_subject(const ReportEnvelope& envelope);

/// The report in a multipart/mixed: a text for people, and the XML as application/gzip.
[[nodiscard]] ReportMail compose_aggregate(const ReportEnvelope& envelope,
                                           const AggregateReport& report);

/// The report in a multipart/report of type tlsrpt as application/tlsrpt+gzip, with the fields
/// TLS-Report-Domain and TLS-Report-Submitter (RFC 8460 §5.3), and `TLS-Required: No` (RFC 8689 §3)
/// since a report must arrive although TLS does not work.
[[nodiscard]] ReportMail compose_tls(const ReportEnvelope& envelope, const TlsReport& report);

/// For HTTPS (RFC 8460 §5.4): the body of the POST, of type application/tlsrpt+gzip.
[[nodiscard]] std::string pack_tls(const TlsReport& report);

/// Octets of `packed` in base64 with its line breaks.
[[nodiscard]] std::size_t encoded_octets(std::size_t packed);

/// The size limit behind a `rua` URI's exclamation mark: a number, then k, m, g, t (powers of 1024)
/// or nothing. Nothing if it is no such thing or beyond 64 bits. RFC 7489 §6.4.
[[nodiscard]] std::optional<std::uint64_t> parse_size_limit(std::string_view text);

inline constexpr std::size_t kMaxPieces = 16;

/// `report` in as few pieces as fit `limit` octets each when sent (`attachment_octets`), by halves;
/// alone, untouched, if it fits. Pieces have ids of their own (`ID` and `p1`, `p2`, ...: letters
/// and digits stay such). Error `too_large`: one record alone does not fit, or kMaxPieces do not.
[[nodiscard]] Result<std::vector<AggregateReport>> split_to_fit(AggregateReport report,
                                                                std::uint64_t limit);

}  // namespace postern::feedback
