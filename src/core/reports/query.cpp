#include "reports/query.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

#include "dmarc/registered_domain.hpp"
#include "record/key.hpp"
#include "vocab/try.hpp"

namespace postern::reports {
namespace {

constexpr std::size_t kPageReports = 200;
constexpr std::size_t kPageBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxFailures = 10'000;  ///< Of all lines of an answer about TLS.

void add(std::uint64_t& sum, std::uint64_t more) {
  sum += std::min(more, std::numeric_limits<std::uint64_t>::max() - sum);
}

void add(std::set<std::string>& names, const std::string& name, bool& cut) {
  if (names.size() < kMaxNames) {
    names.insert(name);
  } else {
    cut = cut || !names.contains(name);
  }
}

/// A TLS report may be about several domains.
bool is_about(const Received& report, const std::string& domain) {
  return domain.empty() || report.domain == domain ||
         std::ranges::any_of(report.tls, [&domain](const feedback::TlsPolicyReport& one) {
           return one.policy.domain == domain;
         });
}

bool is_by(const Received& report, const std::string& reporter) {
  return reporter.empty() || report.reporter == reporter ||
         report.reporter.ends_with("." + reporter);
}

/// Gives every report of the topic that the question is about; whether all were looked at.
Task<Result<bool>> each(const kv::Engine& engine, Topic topic, Question question,
                        std::function<void(Received)> take) {
  const auto here = co_await this_executor();
  const auto reader = engine.published();
  kv::Range range{.begin = received_from(topic, question.since),
                  .end = record::prefix_end(received_prefix(topic)),
                  .limit = kPageReports,
                  .max_bytes = kPageBytes};
  std::size_t read = 0;
  for (bool more = true; more;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& pair : page.pairs) {
      auto report = decode_received(pair.value);
      if (report && is_about(*report, question.domain) && is_by(*report, question.reporter))
        take(*std::move(report));
    }
    read += page.pairs.size();
    more = kv::next_page(range, page);
    if (more && read >= kMaxRead) co_return false;
    co_await asio::post(here, use_task);
  }
  co_return true;
}

/// `list` keeps its newest, without moving all for each.
template <class T>
void keep_newest(std::vector<T>& list, T one, bool& cut) {
  list.push_back(std::move(one));
  if (list.size() <= 2 * kMaxListed) return;
  list.erase(list.begin(), list.end() - kMaxListed);
  cut = true;
}
template <class T>
void trim(std::vector<T>& list, bool& cut) {
  if (list.size() <= kMaxListed) return;
  list.erase(list.begin(), list.end() - kMaxListed);
  cut = true;
}

Heading heading_of(const Received& report, std::uint64_t count) {
  return {.reporter = report.reporter,
          .proof = report.proof,
          .org_name = report.org_name,
          .report_id = report.report_id,
          .domain = report.domain,
          .begin = report.begin,
          .end = report.end,
          .count = count,
          .partial = report.partial,
          .notes = report.notes};
}

using Sources = std::map<std::optional<text::IpAddress>, Source>;

void add_row(Source& source, const feedback::AggregateRecord& row, const std::string& reporter,
             bool& cut) {
  using feedback::Aligned;
  const bool dkim = row.dkim == Aligned::pass;
  const bool spf = row.spf == Aligned::pass;
  add(source.messages, row.count);
  if (dkim) add(source.dkim_pass, row.count);
  if (spf) add(source.spf_pass, row.count);
  if (dkim || spf) add(source.passed, row.count);
  if (row.disposition == feedback::Disposition::quarantine) add(source.quarantined, row.count);
  if (row.disposition == feedback::Disposition::reject) add(source.rejected, row.count);
  add(source.header_from, row.header_from, cut);
  add(source.reporters, reporter, cut);
}

std::string word_of(const feedback::TlsFailure& failure) {
  const auto word = feedback::to_string(failure.result);
  return word.empty() ? failure.other_result : std::string{word};
}

using TlsLines = std::map<std::pair<std::string, feedback::TlsPolicyType>, TlsLine>;

/// `failures`: in all lines.
void add_policy(TlsLine& line, const feedback::TlsPolicyReport& report, const std::string& reporter,
                std::size_t& failures, bool& cut) {
  line.domain = report.policy.domain;
  line.type = report.policy.type;
  add(line.successful, report.successful_sessions);
  add(line.failed, report.failed_sessions);
  for (const auto& failure : report.failures) {
    const std::pair key{failure.receiving_mx_hostname, word_of(failure)};
    const auto found = line.failures.find(key);
    if (found != line.failures.end()) {
      add(found->second, failure.failed_sessions);
    } else if (line.failures.size() >= kMaxSources || failures >= kMaxFailures) {
      cut = true;
    } else {
      line.failures.emplace(key, failure.failed_sessions);
      ++failures;
    }
  }
  add(line.reporters, reporter, cut);
}

}  // namespace

Task<Result<DmarcAnswer>> ask_dmarc(const kv::Engine& engine, Question question) {
  DmarcAnswer out;
  Sources sources;
  // Who told of a source first; so that no stranger takes all the places. Without a list of public
  // suffixes: some who share one share their places.
  std::map<std::string, std::size_t> first_told;
  const std::function<void(Received)> take = [&](const Received& report) {
    std::uint64_t messages = 0;
    auto& told = first_told[dmarc::registered_domain(report.reporter, {})];
    for (const auto& row : report.rows) {
      add(messages, row.count);
      const bool is_new = !sources.contains(row.source_ip);
      if (is_new && (sources.size() >= 10 * kMaxSources || told >= kMaxSources)) {
        out.cut = true;
        continue;
      }
      if (is_new) ++told;
      auto& source = sources[row.source_ip];
      source.ip = row.source_ip;
      add_row(source, row, report.reporter, out.cut);
    }
    ++out.count;
    keep_newest(out.reports, heading_of(report, messages), out.cut);
  };
  POSTERN_CO_TRY(const bool whole, co_await each(engine, Topic::dmarc, std::move(question), take));
  out.cut = out.cut || !whole;
  trim(out.reports, out.cut);
  for (auto& [ip, source] : sources) out.sources.push_back(std::move(source));
  std::ranges::sort(out.sources, [](const Source& a, const Source& b) {
    return a.messages != b.messages ? a.messages > b.messages : a.ip < b.ip;
  });
  if (out.sources.size() > kMaxSources) {
    out.sources.resize(kMaxSources);
    out.cut = true;
  }
  co_return out;
}

Task<Result<TlsAnswer>> ask_tls(const kv::Engine& engine, Question question) {
  TlsAnswer out;
  TlsLines lines;
  std::size_t failures = 0;
  const auto domain = question.domain;
  const std::function<void(Received)> take = [&](const Received& report) {
    std::uint64_t sessions = 0;
    for (const auto& policy : report.tls) {
      if (!domain.empty() && policy.policy.domain != domain) continue;
      add(sessions, policy.successful_sessions);
      add(sessions, policy.failed_sessions);
      const std::pair key{policy.policy.domain, policy.policy.type};
      if (lines.size() >= kMaxSources && !lines.contains(key)) {
        out.cut = true;
        continue;
      }
      add_policy(lines[key], policy, report.reporter, failures, out.cut);
    }
    ++out.count;
    keep_newest(out.reports, heading_of(report, sessions), out.cut);
  };
  POSTERN_CO_TRY(const bool whole, co_await each(engine, Topic::tls, std::move(question), take));
  out.cut = out.cut || !whole;
  trim(out.reports, out.cut);
  for (auto& [key, line] : lines) out.policies.push_back(std::move(line));
  co_return out;
}

Task<Result<FailureAnswer>> ask_failures(const kv::Engine& engine, Question question) {
  FailureAnswer out;
  const std::function<void(Received)> take = [&out](Received report) {
    ++out.count;
    keep_newest(out.messages, std::move(report), out.cut);
  };
  POSTERN_CO_TRY(const bool whole,
                 co_await each(engine, Topic::failure, std::move(question), take));
  out.cut = out.cut || !whole;
  trim(out.messages, out.cut);
  co_return out;
}

}  // namespace postern::reports
