#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "feedback/aggregate.hpp"
#include "feedback/instant.hpp"
#include "feedback/tls_report.hpp"
#include "feedback/xml_text.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

namespace json = boost::json;

std::string_view view_of(const json::string& text) {
  return {text.data(), text.size()};
}

class Reader {
 public:
  explicit Reader(ParsedTlsReport& out) : out_{out} {}

  void read(const json::object& root) {
    auto& report = out_.report;
    report.organization_name = text(root, "organization-name");
    report.contact_info = text(root, "contact-info");
    report.report_id = text(root, "report-id");
    if (const auto* range = object(root, "date-range")) {
      report.begin = time(*range, "start-datetime");
      report.end = time(*range, "end-datetime");
    } else {
      note("no date-range");
    }
    const auto* policies = root.if_contains("policies");
    each(policies, [this](const json::object& policy) { read_policy(policy); });
  }

 private:
  void note(std::string words) {
    if (out_.notes.size() < kMaxNotes) out_.notes.push_back(std::move(words));
  }

  static const json::object* object(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value ? value->if_object() : nullptr;
  }

  /// Visits the objects of a list, or the one that stands there instead.
  template <class F>
  static void each(const json::value* list, const F& visit) {
    if (!list) return;
    if (const auto* one = list->if_object()) visit(*one);
    if (const auto* many = list->if_array()) {
      for (const auto& value : *many)
        if (const auto* one = value.if_object()) visit(*one);
    }
  }

  static std::string text(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    const auto* words = value ? value->if_string() : nullptr;
    return words ? clean_value(view_of(*words), kMaxText) : std::string{};
  }

  static std::vector<std::string> texts(const json::object& from, std::string_view name) {
    std::vector<std::string> out;
    const auto add = [&out](const json::value& value) {
      const auto* words = value.if_string();
      if (words && out.size() < kMaxTlsTexts) out.push_back(clean_value(view_of(*words), kMaxText));
    };
    const auto* value = from.if_contains(name);
    if (!value) return out;
    add(*value);
    if (const auto* list = value->if_array()) std::ranges::for_each(*list, add);
    return out;
  }

  std::uint64_t number(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    if (!value || value->is_null()) return 0;
    if (value->is_uint64()) return value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0)
      return static_cast<std::uint64_t>(value->get_int64());
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (value->is_double() && value->get_double() >= 0 && value->get_double() <= kExact)
      return static_cast<std::uint64_t>(value->get_double());
    if (const auto* words = value->if_string()) {
      const auto read = text::parse_number<std::uint64_t>(text::trim(view_of(*words)));
      if (read) return *read;
    }
    note(fmt::format("{} is no number", name));
    return 0;
  }

  std::optional<text::IpAddress> address(const json::object& from, std::string_view name) {
    const auto words = text(from, name);
    if (words.empty()) return std::nullopt;
    const auto ip = text::IpAddress::parse(words);
    if (!ip) note(fmt::format("{} is '{}', which is no address", name, words.substr(0, 100)));
    return ip;
  }

  std::chrono::sys_seconds time(const json::object& from, std::string_view name) {
    const auto words = text(from, name);
    const auto read = parse_instant(words);
    if (!read) note(fmt::format("{} is '{}', which is no time", name, words.substr(0, 100)));
    return read.value_or(std::chrono::sys_seconds{});
  }

  void read_policy(const json::object& from) {
    if (out_.report.policies.size() >= kMaxTlsPolicies) {
      out_.partial = true;
      return;
    }
    TlsPolicyReport policy;
    if (const auto* inner = object(from, "policy")) {
      const auto type = text(*inner, "policy-type");
      policy.policy.type = tls_policy_type(type);
      if (policy.policy.type == TlsPolicyType::unspecified)
        note(fmt::format("policy-type is '{}', which is no word for it", type.substr(0, 100)));
      policy.policy.policy_string = texts(*inner, "policy-string");
      policy.policy.domain = text(*inner, "policy-domain");
      policy.policy.mx_host = texts(*inner, "mx-host");
    }
    if (const auto* summary = object(from, "summary")) {
      policy.successful_sessions = number(*summary, "total-successful-session-count");
      policy.failed_sessions = number(*summary, "total-failure-session-count");
    }
    each(from.if_contains("failure-details"), [&](const json::object& failure) {
      if (++failures_ > kMaxTlsFailures) {
        out_.partial = true;
        return;
      }
      policy.failures.push_back(read_failure(failure));
    });
    out_.report.policies.push_back(std::move(policy));
  }

  TlsFailure read_failure(const json::object& from) {
    TlsFailure out;
    const auto type = text(from, "result-type");
    out.result = tls_result(type);
    if (out.result == TlsResult::other) out.other_result = type;
    out.sending_mta_ip = address(from, "sending-mta-ip");
    out.receiving_mx_hostname = text(from, "receiving-mx-hostname");
    out.receiving_mx_helo = text(from, "receiving-mx-helo");
    out.receiving_ip = address(from, "receiving-ip");
    out.failed_sessions = number(from, "failed-session-count");
    out.additional_information = text(from, "additional-information");
    out.failure_reason_code = text(from, "failure-reason-code");
    return out;
  }

  ParsedTlsReport& out_;
  std::size_t failures_ = 0;
};

bool is_mark(char c) {
  return c == ',' || c == '{' || c == '[';
}

}  // namespace

Result<ParsedTlsReport> parse_tls_report(std::string_view bytes) {
  if (bytes.size() > kMaxJson) return fail(Errc::too_large, "JSON beyond its limit");
  if (std::ranges::count_if(bytes, is_mark) > static_cast<std::ptrdiff_t>(kMaxJsonMarks))
    return fail(Errc::too_large, "JSON of too many pieces");
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (bytes.starts_with(kMark)) bytes.remove_prefix(kMark.size());

  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  options.allow_trailing_commas = true;
  options.allow_invalid_utf8 = true;
  json::error_code error;
  const auto value = json::parse({bytes.data(), bytes.size()}, error, {}, options);
  if (error) return fail(Errc::bad_syntax, "no JSON: " + error.message());
  const auto* root = value.if_object();
  if (!root || !root->contains("policies"))
    return fail(Errc::bad_syntax, "no object with policies");
  ParsedTlsReport out;
  Reader{out}.read(*root);
  return out;
}

}  // namespace postern::feedback
