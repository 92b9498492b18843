#include "reports/letters.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "feedback/compose.hpp"
#include "feedback/tally.hpp"

namespace postern::reports {
namespace {

using feedback::AggregateReport;
using feedback::TlsReport;

/// Both ends belong to the period that a report names (RFC 9990 §3.1.1.4, RFC 8460 §4.4).
std::chrono::sys_seconds last_second(const Telling& telling) {
  return telling.until - std::chrono::seconds{1};
}

std::string organisation(const Settings& settings) {
  return settings.org_name.empty() ? settings.hostname : settings.org_name;
}

AggregateReport aggregate_of(const Telling& telling, const Settings& settings,
                             const LetterIds& ids) {
  feedback::AggregateTally tally{kMaxReportRows};
  feedback::PolicyPublished policy;
  bool changed = false;
  bool first = true;
  std::uint64_t left_out = 0;
  for (const auto& chunk : telling.chunks) {
    for (const auto& row : chunk.rows) tally.add(row);
    left_out += chunk.left_out;
    changed = changed || chunk.policy_changed;
    if (!chunk.policy) continue;
    changed = changed || (!std::exchange(first, false) && policy != *chunk.policy);
    policy = *chunk.policy;
  }
  feedback::ReportMetadata metadata{.org_name = organisation(settings),
                                    .email = settings.from,
                                    .extra_contact_info = settings.contact,
                                    .report_id = ids.report,
                                    .begin = telling.begin,
                                    .end = last_second(telling),
                                    .errors = {},
                                    .generator = "Postern"};
  if (left_out > 0)
    metadata.errors.push_back(fmt::format("about {} messages are in no row", left_out));
  if (changed) metadata.errors.emplace_back("the policy changed within the period");
  return tally.report(std::move(metadata), std::move(policy));
}

TlsReport tls_of(const Telling& telling, const Settings& settings, const LetterIds& ids) {
  feedback::TlsTally tally{kMaxReportRows};
  for (const auto& chunk : telling.chunks) {
    for (const auto& policy : chunk.tls) {
      tally.add_success(policy.policy, policy.successful_sessions);
      tally.add_failed_sessions(policy.policy, policy.failed_sessions);
      for (const auto& failure : policy.failures) tally.add_detail(policy.policy, failure);
    }
  }
  return tally.report({.organization_name = organisation(settings),
                       .begin = telling.begin,
                       .end = last_second(telling),
                       .contact_info = settings.from,
                       .report_id = ids.report,
                       .policies = {}});
}

class Writer {
 public:
  Writer(const Telling& telling, const Settings& settings, const LetterIds& ids)
      : telling_{telling}, settings_{settings}, ids_{ids} {
    const auto from = smtp::parse_address(settings.from);
    if (from) from_ = {.name = {}, .route = {}, .local = from->local, .domain = from->domain.ascii};
  }

  void aggregate(AggregateReport report, const std::vector<Destination>& to) {
    out_.rows = report.records.size();
    if (report.records.empty()) return;
    std::map<std::uint64_t, std::vector<AggregateReport>> pieces;  // by limit
    for (const auto& one : to) {
      const auto limit =
          one.max_size == 0 ? kMaxAttachment : std::min(one.max_size, kMaxAttachment);
      if (!pieces.contains(limit)) pieces.emplace(limit, fit(report, limit));
      send(one, pieces.at(limit), limit);
    }
  }

  void tls(const TlsReport& report, const Destinations& to) {
    out_.rows = report.policies.size();
    if (report.policies.empty()) return;
    for (const auto& one : to.to)
      add(one, feedback::compose_tls(envelope(one, ids_.report), report));
    if (!to.posts.empty()) out_.upload = feedback::pack_tls(report);
  }

  [[nodiscard]] Letters take() {
    if (!out_.letters.empty() || !out_.upload.empty()) out_.report_id = ids_.report;
    return std::move(out_);
  }

 private:
  /// Nothing: it does not fit.
  static std::vector<AggregateReport> fit(const AggregateReport& report, std::uint64_t limit) {
    auto split = feedback::split_to_fit(report, limit);
    if (!split || (limit < kMinPiece && split->size() > 1)) return {};
    return *std::move(split);
  }

  void send(const Destination& to, const std::vector<AggregateReport>& pieces,
            std::uint64_t limit) {
    const auto address = smtp::to_string(to.address);
    if (pieces.empty()) {
      out_.notes.push_back(fmt::format("not to {}: it takes {} octets", address, limit));
    } else if (out_.letters.size() + pieces.size() > kMaxLetters) {
      out_.notes.push_back(fmt::format("not to {}: too many mails", address));
    } else {
      for (const auto& piece : pieces) {
        const auto head = envelope(to, piece.metadata.report_id);
        add(to, feedback::compose_aggregate(head, piece));
      }
    }
  }

  feedback::ReportEnvelope envelope(const Destination& to, std::string report_id) {
    const auto unique = fmt::format("{}n{}", ids_.unique, ++count_);
    return {.from = from_,
            .to = {{.name = {},
                    .route = {},
                    .local = to.address.local,
                    .domain = to.address.domain.ascii}},
            .submitter = settings_.hostname,
            .domain = telling_.subject.domain,
            .report_id = std::move(report_id),
            .message_id = unique + "@" + settings_.hostname,
            .boundary = unique,
            .date = ids_.now};
  }
  void add(const Destination& to, feedback::ReportMail mail) {
    out_.letters.push_back({.to = to.address, .content = std::move(mail.message)});
  }

  const Telling& telling_;
  const Settings& settings_;
  const LetterIds& ids_;
  mime::Mailbox from_;
  std::size_t count_ = 0;
  Letters out_;
};

}  // namespace

Letters make_letters(const Telling& telling, const Destinations& to, const Settings& settings,
                     const LetterIds& ids) {
  Writer writer{telling, settings, ids};
  if (telling.subject.topic == Topic::tls) {
    writer.tls(tls_of(telling, settings, ids), to);
  } else {
    writer.aggregate(aggregate_of(telling, settings, ids), to.to);
  }
  return writer.take();
}

}  // namespace postern::reports
