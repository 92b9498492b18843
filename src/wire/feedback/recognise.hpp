#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "feedback/aggregate.hpp"
#include "feedback/failure.hpp"
#include "feedback/tls_report.hpp"
#include "mime/message.hpp"
#include "vocab/result.hpp"

// Whether a mail carries a report, and getting it out. Whether the sender may be believed is not
// decided here: who calls has DMARC's verdict on the mail (RFC 9990 §3.5.2), and for a TLS report
// the DKIM signature that RFC 8460 §3 wants.
namespace postern::feedback {

enum class Kind : std::uint8_t { aggregate, tls, failure };

/// `receiver!policy-domain!begin!end[!unique-id].extension`: RFC 7489 §7.2.1.1, RFC 9990 §3.5.2,
/// RFC 8460 §5.1.
struct ReportName {
  std::string submitter;
  std::string domain;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string unique_id;  ///< Empty: none.
  std::string extension;  ///< Lower case, without the dot: xml, xml.gz, json.gz, zip, ...

  friend bool operator==(const ReportName&, const ReportName&) = default;
};
/// Takes the last component of a path; blanks that folding left within are dropped. Nothing if it
/// is no such name.
[[nodiscard]] std::optional<ReportName> parse_report_name(std::string_view file_name);

/// Where in a mail the report is. Borrows the mail's part tree.
struct Found {
  Kind kind = Kind::aggregate;
  const mime::Part* data = nullptr;      ///< The leaf that is the report.
  const mime::Part* original = nullptr;  ///< Kind failure: the message in question or its header.
};

/// Looks at types, names and the subject only; decodes nothing. In this order: a part
/// message/feedback-report (RFC 5965 §2); a part application/tlsrpt+gzip or tlsrpt+json, or the
/// first data part of a multipart/report of that kind (RFC 8460 §5.3); a part that could hold XML,
/// by the name of a report, or by the subject `Report Domain: ...` (RFC 9990 §3.5.2). Messages
/// within the message are not searched: a report that somebody forwards is theirs.
[[nodiscard]] std::optional<Found> recognise(const mime::Message& message);

/// Gives a part's body with its transfer encoding taken away, at most the first `limit` octets.
using BodyReader = std::function<Result<std::string>(const mime::Part& part, std::size_t limit)>;
/// For a message in memory, which it borrows.
[[nodiscard]] BodyReader read_from(std::string_view message);

using AnyReport = std::variant<ParsedAggregate, ParsedTlsReport, FailureReport>;

/// Reads the report that was found. A part that is taken for an aggregate report and holds JSON is
/// read as TLS report, and the other way round.
/// Errors: those of `body`, `unpack`, `parse_aggregate`, `parse_tls_report`, `parse_failure`.
[[nodiscard]] Result<AnyReport> extract(const Found& found, const BodyReader& body);

}  // namespace postern::feedback
