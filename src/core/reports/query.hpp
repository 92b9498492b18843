#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "kv/engine.hpp"
#include "reports/received_codec.hpp"

// What others told about our domains, summed up.
namespace postern::reports {

/// Which reports: those about `domain` (empty: all) by `reporter` (empty: all) whose period ends at
/// `since` or later.
struct Question {
  std::string domain = {};    ///< A-label.
  std::string reporter = {};  ///< A-label: the domain that their mail came from, or one above it.
  std::chrono::sys_seconds since{};
};

/// No list of an answer is longer; sums go on.
inline constexpr std::size_t kMaxSources = 1000;
inline constexpr std::size_t kMaxNames = 20;      ///< Of one source: domains, reporters.
inline constexpr std::size_t kMaxListed = 1000;   ///< Reports.
inline constexpr std::size_t kMaxRead = 200'000;  ///< Reports looked at in one answer.

/// A report without its rows.
struct Heading {
  std::string reporter;
  std::string proof;
  std::string org_name;
  std::string report_id;
  std::string domain;
  std::chrono::sys_seconds begin{};
  std::chrono::sys_seconds end{};
  std::uint64_t count = 0;  ///< Messages, or sessions.
  bool partial = false;
  std::vector<std::string> notes;
};

struct ReadReports {
  std::vector<Heading> reports;  ///< The newest at the end.
  std::uint64_t count = 0;       ///< Of all.
  bool cut = false;              ///< Some list or the whole is not complete.
};

/// One sending host, as all reporters saw it. Sums stop at their largest value.
struct Source {
  std::optional<text::IpAddress> ip;
  std::uint64_t messages = 0;
  std::uint64_t dkim_pass = 0;  ///< Aligned.
  std::uint64_t spf_pass = 0;   ///< Aligned.
  std::uint64_t passed = 0;     ///< By either.
  std::uint64_t quarantined = 0;
  std::uint64_t rejected = 0;
  std::set<std::string> header_from;
  std::set<std::string> reporters;
};

struct DmarcAnswer : ReadReports {
  std::vector<Source> sources;  ///< Most messages first.
};

/// Sessions with one of our hosts under one kind of policy, by what became of them.
struct TlsLine {
  std::string domain;
  feedback::TlsPolicyType type = feedback::TlsPolicyType::unspecified;
  std::uint64_t successful = 0;
  std::uint64_t failed = 0;
  /// By host of ours and the word for what failed.
  std::map<std::pair<std::string, std::string>, std::uint64_t> failures;
  std::set<std::string> reporters;
};

struct TlsAnswer : ReadReports {
  std::vector<TlsLine> policies;
};

struct FailureAnswer {
  std::vector<Received> messages;  ///< The newest at the end.
  std::uint64_t count = 0;
  bool cut = false;
};

/// Each reads page by page and lets others have their turn. Errors: the engine's. What does not
/// decode is passed over: `store verify` tells of it.
[[nodiscard]] Task<Result<DmarcAnswer>> ask_dmarc(const kv::Engine& engine, Question question);
[[nodiscard]] Task<Result<TlsAnswer>> ask_tls(const kv::Engine& engine, Question question);
[[nodiscard]] Task<Result<FailureAnswer>> ask_failures(const kv::Engine& engine, Question question);

}  // namespace postern::reports
