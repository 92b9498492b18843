#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "feedback/aggregate.hpp"
#include "feedback/tls_report.hpp"

// Counting what was seen until there is a report to make of it: values without a store or a clock.
// Counts stop at their largest value instead of wrapping around.
namespace postern::feedback {

/// Rows of one report at most, if nobody says otherwise.
inline constexpr std::size_t kMaxTallyRows = 10'000;

/// Messages under one policy record, equal ones in one row (RFC 9990 §3.1.1.7).
class AggregateTally {
 public:
  explicit AggregateTally(std::size_t max_rows = kMaxTallyRows) : max_rows_{max_rows} {}

  /// `record.count` messages more of this kind; texts are cut at kMaxText and lists at their limits
  /// first. When the rows are full and this would be a new one, they are counted as left out.
  void add(AggregateRecord record);

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] std::uint64_t messages() const;  ///< In rows.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

  /// The report, rows in an order that depends on nothing but them. If messages were left out, an
  /// `error` says how many.
  [[nodiscard]] AggregateReport report(ReportMetadata metadata, PolicyPublished policy) const;

 private:
  std::size_t max_rows_;
  std::map<AggregateRecord, std::uint64_t> rows_;  ///< Keys have a count of 0.
  std::uint64_t left_out_ = 0;
};

/// Sessions with one recipient domain, by policy and by kind of failure (RFC 8460 §4.4).
class TlsTally {
 public:
  explicit TlsTally(std::size_t max_rows = kMaxTallyRows) : max_rows_{max_rows} {}

  void add_success(const TlsPolicy& policy, std::uint64_t sessions = 1);
  /// `failure.failed_sessions` sessions that failed in this way.
  void add_failure(const TlsPolicy& policy, TlsFailure failure);
  /// More sessions that failed under `policy`, the ways of which are added, if at all, by
  /// `add_detail`: one session may fail in several ways (RFC 8460 §4).
  void add_failed_sessions(const TlsPolicy& policy, std::uint64_t sessions);
  void add_detail(const TlsPolicy& policy, TlsFailure failure);

  [[nodiscard]] bool empty() const { return policies_.empty(); }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// Sessions that stand in no row because the rows are full; failed ones are still in the
  /// summary of their policy, if that has a row.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

  /// The report, with everything of `head` but the policies. RFC 8460 has no place for a remark:
  /// what was left out shows as failures in the summary that no detail explains.
  [[nodiscard]] TlsReport report(TlsReport head) const;

 private:
  struct Counts {
    std::uint64_t successful = 0;
    std::uint64_t failed = 0;
    std::map<TlsFailure, std::uint64_t> failures;  ///< Keys have a count of 0.
  };
  Counts* find(const TlsPolicy& policy, std::uint64_t sessions);

  std::size_t max_rows_;
  std::map<TlsPolicy, Counts> policies_;
  std::size_t rows_ = 0;  ///< Policies and failures.
  std::uint64_t left_out_ = 0;
};

}  // namespace postern::feedback
