// What others told of our domains, and telling them what was seen of theirs.
#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "admin/verbs.hpp"
#include "dns/name.hpp"
#include "feedback/instant.hpp"
#include "reports/query.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::uint64_t kMost = 10'000;  ///< Of any unit.

/// How long a unit of "12h", "7d" or "2w" is.
std::optional<seconds> unit_of(char letter) {
  switch (letter) {
    case 'h': return std::chrono::hours{1};
    case 'd': return days{1};
    case 'w': return days{7};
    default:  return std::nullopt;
  }
}

/// "12h", "7d", "2w", "2026-11-01" or a time of RFC 3339; nothing: all there is.
Result<sys_seconds> parse_since(std::string_view text, Timestamp now) {
  if (text.empty()) return sys_seconds{};
  if (const auto unit = unit_of(text.back())) {
    const auto count = text::parse_number<std::uint64_t>(text.substr(0, text.size() - 1));
    if (count && *count <= kMost) return floor<seconds>(now) - *unit * *count;
  }
  auto whole = std::string{text};
  if (!text.contains(':')) whole += "T00:00:00Z";
  const auto instant = feedback::parse_instant(whole);
  if (instant) return *instant;
  return fail(Errc::bad_syntax, fmt::format("\"{}\" is no time: 12h, 7d, 2w, 2026-11-01 or "
                                            "2026-11-01T00:00:00Z",
                                            text));
}

/// An A-label; empty when none is given.
Result<std::string> take_domain(const json::object& request, std::string_view key = "domain") {
  POSTERN_TRY(const auto text, take_text(request, key));
  if (text.empty()) return std::string{};
  const auto name = dns::Name::parse(text);
  if (!name || name->is_root()) return fail(Errc::bad_syntax, text + " is no domain");
  return name->to_string();
}

Result<reports::Question> take_question(const Services& services, const json::object& request) {
  POSTERN_TRY(auto domain, take_domain(request));
  POSTERN_TRY(auto reporter, take_domain(request, "reporter"));
  POSTERN_TRY(const auto text, take_text(request, "since"));
  POSTERN_TRY(const auto since, parse_since(text, services.core.clock.now()));
  return reports::Question{
      .domain = std::move(domain), .reporter = std::move(reporter), .since = since};
}

std::string to_text(sys_seconds time) {
  return feedback::print_instant(time);
}

json::array list(const auto& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(std::string_view{text});
  return out;
}

json::array to_json(const std::vector<reports::Heading>& headings) {
  json::array out;
  for (const auto& one : headings) {
    out.push_back(json::object{{"reporter", one.reporter},
                               {"proof", one.proof},
                               {"organisation", one.org_name},
                               {"id", one.report_id},
                               {"domain", one.domain},
                               {"begin", to_text(one.begin)},
                               {"end", to_text(one.end)},
                               {"count", one.count},
                               {"partial", one.partial},
                               {"notes", list(one.notes)}});
  }
  return out;
}

json::object to_json(const reports::Source& source) {
  return {{"ip", source.ip ? source.ip->to_string() : std::string{}},
          {"messages", source.messages},
          {"passed", source.passed},
          {"dkim", source.dkim_pass},
          {"spf", source.spf_pass},
          {"quarantined", source.quarantined},
          {"rejected", source.rejected},
          {"header_from", list(source.header_from)},
          {"reporters", list(source.reporters)}};
}

Task<Result<json::value>> dmarc(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto question, take_question(services, request));
  POSTERN_CO_TRY(const auto answer,
                 co_await reports::ask_dmarc(services.engine, std::move(question)));
  json::array sources;
  for (const auto& source : answer.sources) sources.push_back(to_json(source));
  co_return json::value(json::object{{"count", answer.count},
                                     {"cut", answer.cut},
                                     {"sources", std::move(sources)},
                                     {"reports", to_json(answer.reports)}});
}

json::object to_json(const reports::TlsLine& line) {
  json::array failures;
  for (const auto& [key, sessions] : line.failures) {
    failures.push_back(
        json::object{{"mx", key.first}, {"result", key.second}, {"sessions", sessions}});
  }
  return {{"domain", line.domain},           {"policy", feedback::to_string(line.type)},
          {"successful", line.successful},   {"failed", line.failed},
          {"failures", std::move(failures)}, {"reporters", list(line.reporters)}};
}

Task<Result<json::value>> tls(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto question, take_question(services, request));
  POSTERN_CO_TRY(const auto answer,
                 co_await reports::ask_tls(services.engine, std::move(question)));
  json::array policies;
  for (const auto& line : answer.policies) policies.push_back(to_json(line));
  co_return json::value(json::object{{"count", answer.count},
                                     {"cut", answer.cut},
                                     {"policies", std::move(policies)},
                                     {"reports", to_json(answer.reports)}});
}

json::object to_json(const reports::Received& report) {
  const auto what = report.failure.value_or(reports::FailedMessage{});
  return {{"time", to_text(report.end)},
          {"domain", report.domain},
          {"reporter", report.reporter},
          {"proof", report.proof},
          {"kind", what.feedback_type},
          {"failure", what.auth_failure},
          {"result", what.delivery_result},
          {"ip", what.source_ip ? what.source_ip->to_string() : std::string{}},
          {"mail_from", what.mail_from},
          {"from", what.from},
          {"subject", what.subject},
          {"message_id", what.message_id},
          {"dkim", what.dkim_domain},
          {"incidents", what.incidents}};
}

Task<Result<json::value>> failures(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto question, take_question(services, request));
  POSTERN_CO_TRY(const auto answer,
                 co_await reports::ask_failures(services.engine, std::move(question)));
  json::array messages;
  for (const auto& message : answer.messages) messages.push_back(to_json(message));
  co_return json::value(json::object{
      {"count", answer.count}, {"cut", answer.cut}, {"messages", std::move(messages)}});
}

json::object to_json(const reports::Told& told) {
  return {{"domain", told.subject.domain},
          {"topic", reports::to_string(told.subject.topic)},
          {"begin", to_text(told.begin)},
          {"end", to_text(told.until)},
          {"rows", told.rows},
          {"to", list(told.to)},
          {"later", told.later},
          {"notes", list(told.notes)}};
}

Task<Result<json::value>> send(Services& services, const json::object& request) {
  POSTERN_CO_TRY(auto domain, take_domain(request));
  if (services.reports == nullptr)
    co_return fail(Errc::unsupported, "reports are sent by a running server only");
  std::optional<std::string> one;
  if (!domain.empty()) one = std::move(domain);
  POSTERN_CO_TRY(const auto told, co_await services.reports->send_now(std::move(one)));
  json::array out;
  for (const auto& report : told) out.push_back(to_json(report));
  co_return json::value(std::move(out));
}

constexpr std::array kVerbs{Verb{"report.dmarc", dmarc}, Verb{"report.tls", tls},
                            Verb{"report.failures", failures}, Verb{"report.send", send}};

}  // namespace

std::span<const Verb> report_verbs() {
  return kVerbs;
}

}  // namespace postern::admin
