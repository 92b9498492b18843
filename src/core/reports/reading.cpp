// What is read out of a mail with a report: see `read_report`.
#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "dmarc/registered_domain.hpp"
#include "feedback/recognise.hpp"
#include "mime/message.hpp"
#include "reports/inbox.hpp"
#include "reports/ledger.hpp"
#include "text/utf8.hpp"

namespace postern::reports {
namespace {

using feedback::Kind;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

constexpr std::size_t kMaxText = 300;  ///< Octets of a text that is kept.
constexpr std::size_t kMaxNotes = 5;
constexpr std::size_t kMaxRowResults = 10;  ///< DKIM results and reasons kept of one row.

/// Texts are UTF-8 already; a cut may not leave half a character.
std::string cut(std::string text) {
  if (text.size() > kMaxText)
    text = text::to_valid_utf8(std::string_view{text}.substr(0, kMaxText));
  return text;
}

/// One organisation, as far as the list of public suffixes tells.
bool aligned(const dns::Name& a, const dns::Name& b, const dmarc::PublicSuffix& suffix) {
  const auto of_a = dmarc::registered_domain(a, suffix);
  return of_a.depth() >= 2 ? of_a == dmarc::registered_domain(b, suffix) : a == b;
}

/// How the author is proven; empty: not.
std::string proof_for(const Proof& proof, const dmarc::PublicSuffix& suffix, Kind kind) {
  if (proof.author.is_root()) return {};
  if (proof.dmarc_pass && kind != Kind::tls) return "dmarc";
  const auto is_authors = [&](const dns::Name& name) {
    return aligned(name, proof.author, suffix);
  };
  if (std::ranges::any_of(proof.dkim, is_authors)) return "dkim";
  if (kind == Kind::tls && std::ranges::any_of(proof.tls_dkim, is_authors)) return "dkim";
  if (kind != Kind::tls && proof.spf && is_authors(*proof.spf)) return "spf";
  return {};
}

Kind kind_of(Topic topic) {
  switch (topic) {
    case Topic::dmarc:   return Kind::aggregate;
    case Topic::tls:     return Kind::tls;
    case Topic::failure: return Kind::failure;
  }
  std::unreachable();
}

std::string ascii_domain(const std::string& text) {
  const auto name = dns::Name::parse(text);
  return name && !name->is_root() ? name->to_string() : std::string{};
}

void shorten(feedback::AggregateRecord& row) {
  const auto most = [](auto& list) {
    if (list.size() > kMaxRowResults) list.erase(list.begin() + kMaxRowResults, list.end());
  };
  most(row.reasons);
  most(row.dkim_results);
  most(row.spf_results);
  row.header_from = cut(std::move(row.header_from));
  if (row.envelope_from) row.envelope_from = cut(*std::move(row.envelope_from));
  if (row.envelope_to) row.envelope_to = cut(*std::move(row.envelope_to));
  for (auto& reason : row.reasons) reason.comment = cut(std::move(reason.comment));
  for (auto& dkim : row.dkim_results) {
    dkim.domain = cut(std::move(dkim.domain));
    dkim.selector = cut(std::move(dkim.selector));
    dkim.human_result = cut(std::move(dkim.human_result));
  }
  for (auto& spf : row.spf_results) {
    spf.domain = cut(std::move(spf.domain));
    spf.human_result = cut(std::move(spf.human_result));
  }
}

void shorten(feedback::TlsPolicyReport& report) {
  for (auto* list : {&report.policy.policy_string, &report.policy.mx_host}) {
    if (list->size() > kMaxRowResults) list->resize(kMaxRowResults);
    for (auto& text : *list) text = cut(std::move(text));
  }
  report.policy.domain = cut(std::move(report.policy.domain));
  for (auto& failure : report.failures) {
    for (auto* text :
         {&failure.other_result, &failure.receiving_mx_hostname, &failure.receiving_mx_helo,
          &failure.additional_information, &failure.failure_reason_code})
      *text = cut(std::move(*text));
  }
}

void keep_notes(Received& out, std::vector<std::string> notes) {
  for (auto& note : notes) {
    if (out.notes.size() < kMaxNotes) out.notes.push_back(cut(std::move(note)));
  }
}

void fill(Received& out, feedback::ParsedAggregate parsed) {
  out.topic = Topic::dmarc;
  auto& report = parsed.report;
  out.org_name = cut(std::move(report.metadata.org_name));
  out.contact = cut(std::move(report.metadata.email));
  out.report_id = cut(std::move(report.metadata.report_id));
  out.begin = report.metadata.begin;
  out.end = report.metadata.end;
  out.domain = ascii_domain(report.policy.domain);
  report.policy.domain = out.domain;
  report.policy.fo = cut(std::move(report.policy.fo));
  report.policy.psd = cut(std::move(report.policy.psd));
  out.policy = std::move(report.policy);
  out.partial = parsed.partial || report.records.size() > kMaxKeptRows;
  if (report.records.size() > kMaxKeptRows) report.records.resize(kMaxKeptRows);
  out.rows = std::move(report.records);
  for (auto& row : out.rows) shorten(row);
  keep_notes(out, std::move(parsed.notes));
  keep_notes(out, std::move(report.metadata.errors));
}

/// One report may be about several of our domains: it is kept under the first.
void fill(Received& out, feedback::ParsedTlsReport parsed) {
  out.topic = Topic::tls;
  auto& report = parsed.report;
  out.org_name = cut(std::move(report.organization_name));
  out.contact = cut(std::move(report.contact_info));
  out.report_id = cut(std::move(report.report_id));
  out.begin = report.begin;
  out.end = report.end;
  out.partial = parsed.partial;
  std::size_t rows = 0;
  for (auto& policy : report.policies) {
    if (rows >= kMaxKeptRows) out.partial = true;
    if (rows >= kMaxKeptRows) break;
    const auto room = kMaxKeptRows - ++rows;
    if (policy.failures.size() > room) {
      policy.failures.resize(room);
      out.partial = true;
    }
    rows += policy.failures.size();
    shorten(policy);
    out.tls.push_back(std::move(policy));
  }
  keep_notes(out, std::move(parsed.notes));
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return cut(std::move(out));
}

void fill(Received& out, feedback::FailureReport report) {
  out.topic = Topic::failure;
  out.org_name = cut(report.reporting_mta);
  const auto when =
      report.arrival_date ? floor<seconds>(report.arrival_date->time) : floor<seconds>(out.arrived);
  out.begin = when;
  out.end = when;
  if (!report.reported_domain.empty()) out.domain = ascii_domain(report.reported_domain.front());
  const auto at = report.from.rfind('@');
  if (out.domain.empty() && at != std::string::npos) {
    auto domain = report.from.substr(at + 1);
    if (const auto end = domain.find_first_of("> \t"); end != std::string::npos) domain.resize(end);
    out.domain = ascii_domain(domain);
  }
  // It has no id of its own: what it says tells it from others.
  out.report_id = cut(report.message_id + " " + joined(report.auth_failure) + " " +
                      (report.source_ip ? report.source_ip->to_string() : std::string{}));
  out.failure = FailedMessage{.feedback_type = cut(std::move(report.feedback_type)),
                              .auth_failure = joined(report.auth_failure),
                              .delivery_result = cut(std::move(report.delivery_result)),
                              .source_ip = report.source_ip,
                              .mail_from = cut(std::move(report.original_mail_from)),
                              .from = cut(std::move(report.from)),
                              .subject = cut(std::move(report.subject)),
                              .message_id = cut(std::move(report.message_id)),
                              .dkim_domain = cut(std::move(report.dkim_domain)),
                              .incidents = report.incidents};
}

/// Of a TLS report, the policies of domains that are ours, and the first of those.
void find_our_domain(Received& out, const ReportMail& mail) {
  if (out.topic != Topic::tls) return;
  for (auto& policy : out.tls) policy.policy.domain = ascii_domain(policy.policy.domain);
  std::erase_if(out.tls, [&mail](const feedback::TlsPolicyReport& report) {
    return report.policy.domain.empty() || !mail.is_ours(report.policy.domain);
  });
  if (!out.tls.empty()) out.domain = out.tls.front().policy.domain;
}

/// Why a report that was read is not kept; empty: it is.
std::string objection(const Received& out, const ReportMail& mail) {
  if (out.domain.empty() || !mail.is_ours(out.domain)) return "about no domain of ours";
  const auto now = floor<seconds>(mail.now);
  if (out.begin > out.end || out.end > now + days{1} || out.end < now - days{kReceivedDays})
    return "about a time that cannot be";
  return {};
}

/// Drops rows till the record is small enough.
void fit(Received& out) {
  while (encode_received(out).size() > kMaxKeptBytes && out.rows.size() + out.tls.size() > 0) {
    out.rows.resize(out.rows.size() / 2);
    out.tls.resize(out.tls.size() / 2);
    out.partial = true;
  }
}

}  // namespace

Proof proof_of(const mailauth::Findings& found) {
  Proof out;
  if (const auto* const author = std::get_if<dmarc::Author>(&found.author))
    out.author = author->domain;
  out.dmarc_pass = found.dmarc && found.dmarc->result == dmarc::Conclusion::pass;
  for (const auto& signature : found.dkim.signatures) {
    const auto name = dns::Name::parse(signature.domain);
    if (!name) continue;
    if (signature.verdict == dkim::Verdict::pass) out.dkim.push_back(*name);
    if (signature.for_tls_reports) out.tls_dkim.push_back(*name);
  }
  const auto domain = dns::Name::parse(found.spf.domain);
  if (found.spf.outcome == spf::Outcome::pass && domain) out.spf = *domain;
  return out;
}

bool is_proven(const Proof& proof, const dmarc::PublicSuffix& suffix) {
  return !proof_for(proof, suffix, Kind::aggregate).empty() ||
         !proof_for(proof, suffix, Kind::tls).empty();
}

bool is_report(const mime::Message& message) {
  return feedback::recognise(message).has_value();
}

Reading read_report(const ReportMail& mail) {
  const auto message = mime::parse(mail.octets);
  if (!message) return {.report = {}, .why = "it cannot be read"};
  const auto found = feedback::recognise(*message);
  if (!found) return {.report = {}, .why = "no report in it"};
  // Before anything is unpacked: strangers get none of our time.
  if (proof_for(mail.proof, mail.suffix, found->kind).empty())
    return {.report = {}, .why = "not authenticated"};
  auto any = feedback::extract(*found, feedback::read_from(mail.octets));
  if (!any) return {.report = {}, .why = "it cannot be read: " + cut(any.error().detail)};
  Received out{.reporter = mail.proof.author.to_string(), .arrived = mail.now};
  std::visit([&out](auto& report) { fill(out, std::move(report)); }, *any);
  // An archive may hold the other kind than its mail said.
  out.proof = proof_for(mail.proof, mail.suffix, kind_of(out.topic));
  if (out.proof.empty()) return {.report = {}, .why = "not authenticated"};
  find_our_domain(out, mail);
  if (auto why = objection(out, mail); !why.empty()) return {.report = {}, .why = std::move(why)};
  fit(out);
  return {.report = std::move(out), .why = {}};
}

}  // namespace postern::reports
