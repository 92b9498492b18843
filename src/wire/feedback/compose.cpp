#include "feedback/compose.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "feedback/archive.hpp"
#include "feedback/xml_text.hpp"
#include "mime/builder.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

constexpr std::size_t kMaxDomain = 255;

std::string cleaned(std::string_view text, std::string_view also) {
  std::string out{text.substr(0, kMaxDomain)};
  std::ranges::replace_if(
      out, [also](char c) { return !text::is_alnum(c) && !also.contains(c); }, '-');
  return out;
}

/// A domain for a file's name and a header: A-labels are expected, nothing else is let through.
std::string domain_of(std::string_view domain) {
  return cleaned(domain, ".-_");
}

/// Close enough to dot-atom-text with an @ (RFC 9990 §3.5.1).
std::string id_of(std::string_view id) {
  return cleaned(id, ".-_+=@");
}

mime::HeaderBuilder common_header(const ReportEnvelope& envelope) {
  mime::AddressList to;
  for (const auto& mailbox : envelope.to) to.emplace_back(mailbox);
  mime::HeaderBuilder header;
  header.raw("Date", mime::print_date(envelope.date))
      .addresses("From", {envelope.from})
      .addresses("To", to)
      .raw("Subject", report_subject(envelope))
      .raw("Message-ID", '<' + envelope.message_id + '>')
      .raw("Auto-Submitted", "auto-generated")
      .raw("MIME-Version", "1.0");
  return header;
}

mime::PartSource text_part(std::string_view text) {
  return {.header = "Content-Type: text/plain; charset=us-ascii\r\n", .body = std::string{text}};
}

mime::PartSource data_part(std::string_view type, std::string_view file_name, std::string body) {
  mime::HeaderBuilder header;
  header.raw("Content-Type", fmt::format("{}; name=\"{}\"", type, file_name))
      .raw("Content-Disposition", fmt::format("attachment; filename=\"{}\"", file_name))
      .raw("Content-Transfer-Encoding", "base64");
  return {.header = header.str(), .body = std::move(body)};
}

std::string period_of(std::chrono::sys_seconds begin, std::chrono::sys_seconds end) {
  const auto print = [](std::chrono::sys_seconds time) { return mime::print_date({.time = time}); };
  return fmt::format("It covers {}\r\nto {}.\r\n", print(begin), print(end));
}

std::size_t attached(const AggregateReport& report) {
  return encoded_octets(gzip(print_aggregate(report)).size());
}

}  // namespace

std::string report_file_name(const ReportEnvelope& envelope, std::chrono::sys_seconds begin,
                             std::chrono::sys_seconds end, std::string_view extension) {
  const bool plain = !envelope.report_id.empty() && envelope.report_id.size() <= 64 &&
                     std::ranges::all_of(envelope.report_id, text::is_alnum);
  return fmt::format("{}!{}!{}!{}{}{}.{}", domain_of(envelope.submitter),
                     domain_of(envelope.domain), begin.time_since_epoch().count(),
                     end.time_since_epoch().count(), plain ? "!" : "",
                     plain ? envelope.report_id : "", extension);
}

std::string report_subject(const ReportEnvelope& envelope) {
  return fmt::format("Report Domain: {} Submitter: {} Report-ID: <{}>", domain_of(envelope.domain),
                     domain_of(envelope.submitter), id_of(envelope.report_id));
}

std::size_t encoded_octets(std::size_t packed) {
  constexpr std::size_t kLine = 57;  // octets that make a line of 76
  return (packed + 2) / 3 * 4 + (packed + kLine - 1) / kLine * 2;
}

ReportMail compose_aggregate(const ReportEnvelope& envelope, const AggregateReport& report) {
  const auto& metadata = report.metadata;
  ReportMail out{.message = {},
                 .file_name = report_file_name(envelope, metadata.begin, metadata.end, "xml.gz")};
  auto body = mime::to_base64_lines(gzip(print_aggregate(report)));
  out.attachment_octets = body.size();
  const std::array parts{
      text_part(fmt::format("This is a DMARC aggregate report from {}\r\nabout {}.\r\n{}",
                            domain_of(envelope.submitter), domain_of(envelope.domain),
                            period_of(metadata.begin, metadata.end))),
      data_part("application/gzip", out.file_name, std::move(body))};
  auto header = common_header(envelope);
  header.raw("Content-Type", fmt::format("multipart/mixed; boundary=\"{}\"", envelope.boundary));
  out.message = header.str() + "\r\n" + mime::multipart_body(envelope.boundary, parts);
  return out;
}

std::string pack_tls(const TlsReport& report) {
  return gzip(print_tls_report(report));
}

ReportMail compose_tls(const ReportEnvelope& envelope, const TlsReport& report) {
  ReportMail out{.message = {},
                 .file_name = report_file_name(envelope, report.begin, report.end, "json.gz")};
  auto body = mime::to_base64_lines(pack_tls(report));
  out.attachment_octets = body.size();
  const auto domain = domain_of(envelope.domain);
  const auto submitter = domain_of(envelope.submitter);
  const std::array parts{
      text_part(fmt::format("This is an aggregate TLS report from {}\r\nabout {}.\r\n{}", submitter,
                            domain, period_of(report.begin, report.end))),
      data_part("application/tlsrpt+gzip", out.file_name, std::move(body))};
  auto header = common_header(envelope);
  header.raw("TLS-Report-Domain", domain)
      .raw("TLS-Report-Submitter", submitter)
      .raw("TLS-Required", "No")
      .raw("Content-Type", fmt::format("multipart/report; report-type=\"tlsrpt\"; boundary=\"{}\"",
                                       envelope.boundary));
  out.message = header.str() + "\r\n" + mime::multipart_body(envelope.boundary, parts);
  return out;
}

std::optional<std::uint64_t> parse_size_limit(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::string_view kUnits = "kmgt";
  const auto unit = kUnits.find(text::to_lower(text.back()));
  if (unit != kUnits.npos) text.remove_suffix(1);
  const auto number = text::parse_number<std::uint64_t>(text);
  if (!number) return std::nullopt;
  const auto shift = unit == kUnits.npos ? 0U : 10U * (static_cast<unsigned>(unit) + 1);
  if (*number > (std::numeric_limits<std::uint64_t>::max() >> shift)) return std::nullopt;
  return *number << shift;
}

Result<std::vector<AggregateReport>> split_to_fit(AggregateReport report, std::uint64_t limit) {
  if (attached(report) <= limit) return std::vector{std::move(report)};
  const auto id = report.metadata.report_id;
  std::vector<AggregateReport> out;
  std::vector<AggregateReport> todo;  // the next at the back
  todo.push_back(std::move(report));
  while (!todo.empty()) {
    auto piece = std::move(todo.back());
    todo.pop_back();
    piece.metadata.report_id = fmt::format("{}p{}", id, out.size() + 1);
    if (attached(piece) <= limit) {
      out.push_back(std::move(piece));
      continue;
    }
    if (piece.records.size() < 2)
      return fail(Errc::too_large, "a record alone does not fit the limit");
    if (out.size() + todo.size() + 2 > kMaxPieces)
      return fail(Errc::too_large, "too many pieces would be needed");
    const auto middle = piece.records.begin() + std::ssize(piece.records) / 2;
    AggregateReport rest{.metadata = piece.metadata, .policy = piece.policy, .records = {}};
    rest.records.assign(std::make_move_iterator(middle),
                        std::make_move_iterator(piece.records.end()));
    piece.records.erase(middle, piece.records.end());
    todo.push_back(std::move(rest));
    todo.push_back(std::move(piece));
  }
  return out;
}

}  // namespace postern::feedback
