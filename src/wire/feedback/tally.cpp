#include "feedback/tally.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "feedback/xml_text.hpp"

namespace postern::feedback {
namespace {

void add_to(std::uint64_t& sum, std::uint64_t more) {
  sum += std::min(more, std::numeric_limits<std::uint64_t>::max() - sum);
}

template <class T>
void cut(std::vector<T>& list, std::size_t most) {
  if (list.size() > most) list.erase(list.begin() + static_cast<std::ptrdiff_t>(most), list.end());
}

void trim(std::string& text) {
  text = clean_value(text, kMaxText);
}

/// Brought into the form in which it is printed, so that rows that look the same are one.
void normalise(AggregateRecord& record) {
  cut(record.reasons, kMaxReasons);
  cut(record.dkim_results, kMaxDkimResults);
  cut(record.spf_results, kMaxReasons);
  trim(record.header_from);
  if (record.envelope_from) trim(*record.envelope_from);
  if (record.envelope_to) trim(*record.envelope_to);
  for (auto& reason : record.reasons) trim(reason.comment);
  for (auto& dkim : record.dkim_results) {
    trim(dkim.domain);
    trim(dkim.selector);
    trim(dkim.human_result);
  }
  for (auto& spf : record.spf_results) {
    trim(spf.domain);
    trim(spf.human_result);
  }
}

}  // namespace

void AggregateTally::add(AggregateRecord record) {
  const auto count = std::exchange(record.count, 0);
  if (count == 0) return;
  normalise(record);
  const auto at = rows_.find(record);
  if (at != rows_.end()) {
    add_to(at->second, count);
  } else if (rows_.size() < max_rows_) {
    rows_.emplace(std::move(record), count);
  } else {
    add_to(left_out_, count);
  }
}

std::uint64_t AggregateTally::messages() const {
  std::uint64_t sum = 0;
  for (const auto& [record, count] : rows_) add_to(sum, count);
  return sum;
}

AggregateReport AggregateTally::report(ReportMetadata metadata, PolicyPublished policy) const {
  AggregateReport out{.metadata = std::move(metadata), .policy = std::move(policy), .records = {}};
  out.records.reserve(rows_.size());
  for (const auto& [record, count] : rows_) out.records.emplace_back(record).count = count;
  if (left_out_ > 0) {
    out.metadata.errors.push_back(
        fmt::format("{} further messages are in no row: this report is limited to {} rows",
                    left_out_, max_rows_));
  }
  return out;
}

TlsTally::Counts* TlsTally::find(const TlsPolicy& policy, std::uint64_t sessions) {
  if (const auto at = policies_.find(policy); at != policies_.end()) return &at->second;
  if (rows_ >= max_rows_) {
    add_to(left_out_, sessions);
    return nullptr;
  }
  ++rows_;
  return &policies_[policy];
}

void TlsTally::add_success(const TlsPolicy& policy, std::uint64_t sessions) {
  if (auto* counts = find(policy, sessions)) add_to(counts->successful, sessions);
}

void TlsTally::add_failed_sessions(const TlsPolicy& policy, std::uint64_t sessions) {
  if (auto* counts = find(policy, sessions)) add_to(counts->failed, sessions);
}

void TlsTally::add_detail(const TlsPolicy& policy, TlsFailure failure) {
  const auto sessions = std::exchange(failure.failed_sessions, 0);
  auto* counts = find(policy, sessions);
  if (!counts || sessions == 0) return;
  for (auto* text :
       {&failure.other_result, &failure.receiving_mx_hostname, &failure.receiving_mx_helo,
        &failure.additional_information, &failure.failure_reason_code})
    trim(*text);
  const auto at = counts->failures.find(failure);
  if (at != counts->failures.end()) {
    add_to(at->second, sessions);
  } else if (rows_ < max_rows_) {
    ++rows_;
    counts->failures.emplace(std::move(failure), sessions);
  } else {
    add_to(left_out_, sessions);
  }
}

void TlsTally::add_failure(const TlsPolicy& policy, TlsFailure failure) {
  const auto sessions = failure.failed_sessions;
  if (auto* counts = find(policy, sessions)) {
    add_to(counts->failed, sessions);
    add_detail(policy, std::move(failure));
  }
}

TlsReport TlsTally::report(TlsReport head) const {
  head.policies.clear();
  for (const auto& [policy, counts] : policies_) {
    TlsPolicyReport out{.policy = policy,
                        .successful_sessions = counts.successful,
                        .failed_sessions = counts.failed,
                        .failures = {}};
    for (const auto& [failure, count] : counts.failures)
      out.failures.emplace_back(failure).failed_sessions = count;
    head.policies.push_back(std::move(out));
  }
  return head;
}

}  // namespace postern::feedback
