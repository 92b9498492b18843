#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "feedback/aggregate.hpp"
#include "feedback/instant.hpp"
#include "feedback/tls_report.hpp"
#include "feedback/xml_text.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

namespace json = boost::json;

template <class E>
struct TlsWord {
  E value;
  std::string_view word;
};

constexpr std::array<TlsWord<TlsPolicyType>, 3> kPolicyTypes{
    {{TlsPolicyType::tlsa, "tlsa"},
     {TlsPolicyType::sts, "sts"},
     {TlsPolicyType::no_policy_found, "no-policy-found"}}};

constexpr std::array<TlsWord<TlsResult>, 11> kResults{
    {{TlsResult::starttls_not_supported, "starttls-not-supported"},
     {TlsResult::certificate_host_mismatch, "certificate-host-mismatch"},
     {TlsResult::certificate_expired, "certificate-expired"},
     {TlsResult::certificate_not_trusted, "certificate-not-trusted"},
     {TlsResult::validation_failure, "validation-failure"},
     {TlsResult::tlsa_invalid, "tlsa-invalid"},
     {TlsResult::dnssec_invalid, "dnssec-invalid"},
     {TlsResult::dane_required, "dane-required"},
     {TlsResult::sts_policy_fetch_error, "sts-policy-fetch-error"},
     {TlsResult::sts_policy_invalid, "sts-policy-invalid"},
     {TlsResult::sts_webpki_invalid, "sts-webpki-invalid"}}};

template <class E, std::size_t N>
std::string_view find_word(const std::array<TlsWord<E>, N>& table, E value) {
  for (const auto& entry : table)
    if (entry.value == value) return entry.word;
  return {};
}

template <class E, std::size_t N>
E find_value(const std::array<TlsWord<E>, N>& table, std::string_view word) {
  for (const auto& entry : table)
    if (text::iequals(entry.word, word)) return entry.value;
  return E{};
}

json::string text_of(std::string_view text) {
  return json::string{clean_value(text, kMaxText)};
}

void put(json::object& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object.emplace(name, text_of(text));
}

json::array list_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text_of(text));
  return out;
}

json::object print(const TlsPolicy& policy) {
  json::object out;
  const auto word = to_string(policy.type);
  out["policy-type"] = word.empty() ? "no-policy-found" : word;
  if (!policy.policy_string.empty()) out["policy-string"] = list_of(policy.policy_string);
  put(out, "policy-domain", policy.domain);
  if (!policy.mx_host.empty()) out["mx-host"] = list_of(policy.mx_host);
  return out;
}

json::object print(const TlsFailure& failure) {
  json::object out;
  auto word = std::string{to_string(failure.result)};
  if (word.empty()) word = clean_value(failure.other_result, kMaxText);
  out["result-type"] = word.empty() ? "validation-failure" : word;
  if (failure.sending_mta_ip) out["sending-mta-ip"] = failure.sending_mta_ip->to_string();
  put(out, "receiving-mx-hostname", failure.receiving_mx_hostname);
  put(out, "receiving-mx-helo", failure.receiving_mx_helo);
  if (failure.receiving_ip) out["receiving-ip"] = failure.receiving_ip->to_string();
  out["failed-session-count"] = failure.failed_sessions;
  put(out, "additional-information", failure.additional_information);
  put(out, "failure-reason-code", failure.failure_reason_code);
  return out;
}

json::object print(const TlsPolicyReport& report) {
  json::object out;
  out["policy"] = print(report.policy);
  json::object summary;
  summary["total-successful-session-count"] = report.successful_sessions;
  summary["total-failure-session-count"] = report.failed_sessions;
  out["summary"] = std::move(summary);
  if (!report.failures.empty()) {
    json::array failures;
    for (const auto& failure : report.failures) failures.emplace_back(print(failure));
    out["failure-details"] = std::move(failures);
  }
  return out;
}

}  // namespace

std::string_view to_string(TlsPolicyType type) {
  return find_word(kPolicyTypes, type);
}
std::string_view to_string(TlsResult result) {
  return find_word(kResults, result);
}
TlsPolicyType tls_policy_type(std::string_view word) {
  return find_value(kPolicyTypes, word);
}
TlsResult tls_result(std::string_view word) {
  return find_value(kResults, word);
}

std::string print_tls_report(const TlsReport& report) {
  json::object out;
  out["organization-name"] = text_of(report.organization_name);
  json::object range;
  range["start-datetime"] = print_instant(report.begin);
  range["end-datetime"] = print_instant(report.end);
  out["date-range"] = std::move(range);
  out["contact-info"] = text_of(report.contact_info);
  out["report-id"] = text_of(report.report_id);
  json::array policies;
  for (const auto& policy : report.policies) policies.emplace_back(print(policy));
  out["policies"] = std::move(policies);
  return json::serialize(out);
}

}  // namespace postern::feedback
