#include "feedback/failure.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "feedback/aggregate.hpp"
#include "feedback/xml_text.hpp"
#include "mime/encoded_word.hpp"
#include "mime/header.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

std::string value_of(const mime::Field& field) {
  return clean_value(mime::unfold(field.value), kMaxText);
}

/// `<a@b>` as a@b.
std::string without_brackets(std::string value) {
  if (value.size() < 2 || !value.starts_with('<') || !value.ends_with('>')) return value;
  return value.substr(1, value.size() - 2);
}

/// Names of header fields whose value is kept as it is, once or each time.
struct Plain {
  std::string_view name;
  std::string FailureReport::* text;
};
constexpr std::array<Plain, 7> kPlain{
    {{"User-Agent", &FailureReport::user_agent},
     {"Version", &FailureReport::version},
     {"Original-Envelope-Id", &FailureReport::original_envelope_id},
     {"DKIM-Domain", &FailureReport::dkim_domain},
     {"DKIM-Identity", &FailureReport::dkim_identity},
     {"DKIM-Selector", &FailureReport::dkim_selector},
     {"DKIM-Selector-DNS", &FailureReport::dkim_selector_dns}}};
struct Repeated {
  std::string_view name;
  std::vector<std::string> FailureReport::* list;
};
constexpr std::array<Repeated, 4> kRepeated{
    {{"Authentication-Results", &FailureReport::authentication_results},
     {"Reported-Domain", &FailureReport::reported_domain},
     {"Reported-URI", &FailureReport::reported_uri},
     {"SPF-DNS", &FailureReport::spf_dns}}};

class Reader {
 public:
  explicit Reader(FailureReport& out) : out_{out} {}

  void read(const mime::Field& field) {
    for (const auto& plain : kPlain)
      if (field.is(plain.name)) set(out_.*plain.text, value_of(field));
    for (const auto& repeated : kRepeated)
      if (field.is(repeated.name)) add(out_.*repeated.list, value_of(field));
    if (field.is("Feedback-Type")) set(out_.feedback_type, word(field));
    if (field.is("Delivery-Result")) set(out_.delivery_result, word(field));
    if (field.is("Auth-Failure")) add_words(out_.auth_failure, field);
    if (field.is("Identity-Alignment")) add_words(out_.identity_alignment, field);
    if (field.is("Original-Mail-From"))
      set(out_.original_mail_from, without_brackets(value_of(field)));
    if (field.is("Original-Rcpt-To")) add(out_.original_rcpt_to, without_brackets(value_of(field)));
    if (field.is("DKIM-Canonicalized-Header")) out_.has_canonicalized_header = true;
    if (field.is("DKIM-Canonicalized-Body")) out_.has_canonicalized_body = true;
    read_facts(field);
  }

 private:
  /// Of a repeated field the first counts.
  static void set(std::string& to, std::string value) {
    if (to.empty()) to = std::move(value);
  }
  static void add(std::vector<std::string>& to, std::string value) {
    if (!value.empty() && to.size() < kMaxFailureTexts) to.push_back(std::move(value));
  }
  static std::string word(const mime::Field& field) {
    return text::lower(clean_value(mime::without_comments(field.value), 100));
  }
  static void add_words(std::vector<std::string>& to, const mime::Field& field) {
    const auto words = word(field);
    for (const auto piece : text::split(words, ',')) add(to, std::string{text::trim(piece)});
  }

  void read_facts(const mime::Field& field) {
    if (field.is("Arrival-Date") || field.is("Received-Date")) {
      if (!out_.arrival_date) out_.arrival_date = mime::parse_date(field.value);
    } else if (field.is("Source-IP")) {
      if (!out_.source_ip) out_.source_ip = text::IpAddress::parse(address_text(field));
    } else if (field.is("Source-Port")) {
      out_.source_port = text::parse_number<std::uint16_t>(word(field));
    } else if (field.is("Incidents")) {
      out_.incidents = text::parse_number<std::uint64_t>(word(field)).value_or(1);
    } else if (field.is("Reporting-MTA")) {
      const auto value = value_of(field);
      const auto semicolon = value.find(';');
      const auto name = semicolon == value.npos ? value : value.substr(semicolon + 1);
      set(out_.reporting_mta, std::string{text::trim(name)});
    }
  }

  /// Some write `[192.0.2.1]`, some `192.0.2.1 (host)`.
  static std::string address_text(const mime::Field& field) {
    auto text = word(field);
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    return text;
  }

  FailureReport& out_;
};

std::string_view header_of(std::string_view message) {
  std::size_t end = 0;
  for (const auto& field : mime::Header{message}) end = field.end;
  return message.substr(0, end);
}

void read_original(std::string_view original, FailureReport& out) {
  const auto header = header_of(original.substr(0, kMaxOriginalHeader));
  out.original_header = header;
  for (const auto& field : mime::Header{header}) {
    if (field.is("From") && out.from.empty()) out.from = value_of(field);
    if (field.is("Subject") && out.subject.empty())
      out.subject = clean_value(mime::decode_header_text(mime::unfold(field.value)), kMaxText);
    if (field.is("Message-ID") && out.message_id.empty()) out.message_id = value_of(field);
    if (field.is("Date") && !out.date) out.date = mime::parse_date(field.value);
  }
}

}  // namespace

Result<FailureReport> parse_failure(std::string_view fields, std::string_view original) {
  fields = fields.substr(0, kMaxFailureFields);
  fields.remove_prefix(std::min(fields.find_first_not_of("\r\n"), fields.size()));
  FailureReport out;
  Reader reader{out};
  for (const auto& field : mime::Header{fields}) reader.read(field);
  if (out.feedback_type.empty()) return fail(Errc::bad_syntax, "no Feedback-Type");
  read_original(original, out);
  return out;
}

}  // namespace postern::feedback
