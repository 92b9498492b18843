#include "feedback/recognise.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "feedback/archive.hpp"
#include "feedback/xml_text.hpp"
#include "mime/encoded_word.hpp"
#include "mime/transfer.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

using mime::Part;

/// Leaves and messages in order, those within messages left out.
void collect(const Part& part, std::vector<const Part*>& out) {
  if (part.kind != Part::Kind::multipart) {
    out.push_back(&part);
    return;
  }
  for (const auto& child : part.children) collect(child, out);  // at most mime::kMaxDepth deep
}

bool is_tls_type(const Part& part) {
  return part.is("application", "tlsrpt+gzip") || part.is("application", "tlsrpt+json") ||
         part.is("application", "tlsrpt");
}

/// Types under which reports in XML are sent, rightly or not.
bool may_hold_report(const Part& part) {
  static constexpr std::array<std::string_view, 9> kSubtypes{
      {"gzip", "x-gzip", "zip", "x-zip", "x-zip-compressed", "octet-stream", "xml",
       "x-gzip-compressed", "gzip-compressed"}};
  if (part.kind != Part::Kind::leaf) return false;
  if (part.is("text", "xml")) return true;
  return part.type == "application" &&
         std::ranges::find(kSubtypes, part.subtype) != kSubtypes.end();
}

bool is_xml_extension(std::string_view extension) {
  static constexpr std::array<std::string_view, 6> kKnown{
      {"xml", "xml.gz", "gz", "zip", "xml.zip", "gzip"}};
  return std::ranges::find(kKnown, extension) != kKnown.end();
}

bool is_json_extension(std::string_view extension) {
  return extension == "json" || extension == "json.gz";
}

bool is_report_subject(const mime::Message& message) {
  const auto subject = mime::decode_header_text(message.envelope.subject.value_or(""));
  const auto trimmed = text::trim(subject);
  return text::istarts_with(trimmed, "Report Domain:") ||
         (text::istarts_with(trimmed, "Dmarc Aggregate Report") && trimmed.contains(':'));
}

bool is_report_of(const Part& root, std::string_view type) {
  return root.is("multipart", "report") &&
         text::iequals(root.param("report-type").value_or(""), type);
}

std::optional<Found> find_failure(const std::vector<const Part*>& parts) {
  const auto data = std::ranges::find_if(
      parts, [](const Part* part) { return part->is("message", "feedback-report"); });
  if (data == parts.end()) return std::nullopt;
  Found found{.kind = Kind::failure, .data = *data};
  const auto original = std::find_if(data, parts.end(), [](const Part* part) {
    return part->kind == Part::Kind::message || part->is("text", "rfc822-headers") ||
           part->is("message", "global-headers");
  });
  if (original != parts.end()) found.original = *original;
  return found;
}

std::optional<Found> find_tls(const Part& root, const std::vector<const Part*>& parts) {
  for (const Part* part : parts)
    if (is_tls_type(*part)) return Found{.kind = Kind::tls, .data = part};
  const bool report = is_report_of(root, "tlsrpt");
  for (const Part* part : parts) {
    if (part->kind != Part::Kind::leaf) continue;
    const auto name = parse_report_name(part->file_name());
    const bool named = name && is_json_extension(name->extension);
    const bool json = part->is("application", "json") || may_hold_report(*part);
    if (named || (report && json)) return Found{.kind = Kind::tls, .data = part};
  }
  return std::nullopt;
}

std::optional<Found> find_aggregate(const mime::Message& message,
                                    const std::vector<const Part*>& parts) {
  for (const Part* part : parts) {
    if (part->kind != Part::Kind::leaf) continue;
    const auto name = parse_report_name(part->file_name());
    if (name && is_xml_extension(name->extension))
      return Found{.kind = Kind::aggregate, .data = part};
  }
  if (!is_report_subject(message)) return std::nullopt;
  for (const Part* part : parts)
    if (may_hold_report(*part)) return Found{.kind = Kind::aggregate, .data = part};
  return std::nullopt;
}

bool is_domain(std::string_view text) {
  constexpr std::size_t kMaxDomain = 255;
  return !text.empty() && text.size() <= kMaxDomain && std::ranges::all_of(text, [](char c) {
    return text::is_alnum(c) || text::is_8bit(c) || c == '.' || c == '-' || c == '_';
  });
}

/// The first octet that is no blank.
char first_of(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  const auto at = text.find_first_not_of(" \t\r\n");
  return at == text.npos ? '\0' : text.at(at);
}

Result<AnyReport> read_data(Kind kind, std::string_view packed) {
  auto text = unpack(packed);
  if (!text) return std::unexpected(std::move(text).error());
  const char first = first_of(*text);
  if (first == '{' || (kind == Kind::tls && first != '<')) {
    auto report = parse_tls_report(*text);
    if (!report) return std::unexpected(std::move(report).error());
    return AnyReport{*std::move(report)};
  }
  auto report = parse_aggregate(*text);
  if (!report) return std::unexpected(std::move(report).error());
  return AnyReport{*std::move(report)};
}

}  // namespace

std::optional<ReportName> parse_report_name(std::string_view file_name) {
  constexpr std::size_t kMaxName = 1000;
  if (file_name.size() > kMaxName) return std::nullopt;
  const auto slash = file_name.find_last_of("/\\");
  if (slash != file_name.npos) file_name.remove_prefix(slash + 1);
  std::string name{file_name};
  std::erase_if(name, [](char c) { return c == ' ' || text::is_control(c); });
  const auto pieces = text::split(name, '!');
  if (pieces.size() < 4 || pieces.size() > 5) return std::nullopt;
  const auto last = pieces.back();
  const auto dot = last.find('.');
  if (dot == last.npos) return std::nullopt;
  const bool has_id = pieces.size() == 5;
  const auto begin = text::parse_number<std::uint64_t>(pieces.at(2));
  const auto end = text::parse_number<std::uint64_t>(has_id ? pieces.at(3) : last.substr(0, dot));
  if (!is_domain(pieces.at(0)) || !is_domain(pieces.at(1)) || !begin || !end) return std::nullopt;
  ReportName out{.submitter = std::string{pieces.at(0)},
                 .domain = text::lower(pieces.at(1)),
                 .begin = *begin,
                 .end = *end,
                 .unique_id = {},
                 .extension = text::lower(last.substr(dot + 1))};
  if (!has_id) return out;
  // An id should hold no dot; where it does, the extension is what is known as one.
  auto at = dot;
  while (!is_xml_extension(out.extension) && !is_json_extension(out.extension)) {
    at = last.find('.', at + 1);
    if (at == last.npos) return std::nullopt;
    out.extension = text::lower(last.substr(at + 1));
  }
  out.unique_id = clean_value(last.substr(0, at), kMaxName);
  return out;
}

std::optional<Found> recognise(const mime::Message& message) {
  std::vector<const Part*> parts;
  collect(message.root, parts);
  if (auto found = find_failure(parts)) return found;
  if (auto found = find_tls(message.root, parts)) return found;
  return find_aggregate(message, parts);
}

BodyReader read_from(std::string_view message) {
  return [message](const Part& part, std::size_t limit) -> Result<std::string> {
    if (part.body_begin > part.body_end || part.body_end > message.size())
      return fail(Errc::corrupt, "a part beyond its message");
    // Base64 takes 4 octets and line breaks for 3; quoted-printable at most 3 for 1, and blanks.
    const auto body = message.substr(part.body_begin, std::min(part.size(), limit * 4));
    mime::TransferDecoder decoder{
        mime::transfer_of(part.encoding).value_or(mime::Transfer::identity)};
    std::string out;
    decoder.feed(body, out);
    decoder.finish(out);
    if (out.size() > limit) out.resize(limit);
    return out;
  };
}

Result<AnyReport> extract(const Found& found, const BodyReader& body) {
  if (!found.data) return fail(Errc::not_found, "no report");
  if (found.kind != Kind::failure) {
    // One more than allowed, so that what is too large is seen.
    auto packed = body(*found.data, kMaxPacked + 1);
    if (!packed) return std::unexpected(std::move(packed).error());
    return read_data(found.kind, *packed);
  }
  auto fields = body(*found.data, kMaxFailureFields);
  if (!fields) return std::unexpected(std::move(fields).error());
  std::string original;
  if (found.original) {
    auto read = body(*found.original, kMaxOriginalHeader);
    if (!read) return std::unexpected(std::move(read).error());
    original = *std::move(read);
  }
  auto report = parse_failure(*fields, original);
  if (!report) return std::unexpected(std::move(report).error());
  return AnyReport{*std::move(report)};
}

}  // namespace postern::feedback
