#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/clock.hpp"
#include "async/core.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "dmarc/tree_walk.hpp"
#include "dns/name.hpp"
#include "kv/engine.hpp"
#include "mailauth/findings.hpp"
#include "mime/message.hpp"
#include "reports/received_codec.hpp"

namespace postern::reports {

/// Octets of a mail that may carry a report; of a larger one nothing is read.
inline constexpr std::uint64_t kMaxReportMail = std::uint64_t{10} << 20U;
/// Rows that are kept of one report, and octets of its record.
inline constexpr std::size_t kMaxKeptRows = 5000;
inline constexpr std::size_t kMaxKeptBytes = std::size_t{512} << 10U;

/// Who a mail is proven to come from.
struct Proof {
  dns::Name author;             ///< The domain of From; the root: there is none.
  bool dmarc_pass = false;      ///< For that domain.
  std::vector<dns::Name> dkim;  ///< d= of signatures that verify.
  /// And of those that would, were their keys not for TLS reports alone.
  std::vector<dns::Name> tls_dkim = {};
  std::optional<dns::Name> spf;  ///< The domain that SPF passed for.
};
[[nodiscard]] Proof proof_of(const mailauth::Findings& found);

/// One mail and by what it is judged. Borrowed.
struct ReportMail {
  std::string_view octets;
  const Proof& proof;
  Timestamp now{};
  const std::function<bool(const std::string& domain)>& is_ours;  ///< A-label; any thread.
  const dmarc::PublicSuffix& suffix;
};

/// A report out of a mail, or why there is none to be kept.
struct Reading {
  std::optional<Received> report;
  std::string why;  ///< In words for people.
};

/// Whether the mail holds a report, whether its sender is proven (aggregate reports: DMARC, or DKIM
/// or SPF of the same organisation; TLS reports: such a DKIM signature; failure reports: as
/// aggregate ones), whether it is about a domain of ours and a time that can be, and what it says.
/// Pure; takes as long as a hostile archive can make it (a second), so belongs on a pool. RFC 9990
/// §3.5.2, RFC 8460 §3, RFC 5965.
[[nodiscard]] Reading read_report(const ReportMail& mail);

/// Whether anything is proven of the author that some kind of report needs.
[[nodiscard]] bool is_proven(const Proof& proof, const dmarc::PublicSuffix& suffix);

/// Whether the mail looks like a report, whoever sent it: reports about those make reports without
/// end. Looks at structure and names alone.
[[nodiscard]] bool is_report(const mime::Message& message);

/// Reports of others on their way into the store. Any core.
class Inbox {
 public:
  struct Limits {
    std::uint32_t reports_per_reporter = 1000;               ///< A day.
    std::size_t bytes_per_day = std::size_t{64} << 20U;      ///< Of all reporters.
    std::size_t bytes_per_reporter = std::size_t{4} << 20U;  ///< Of those.
    /// Octets of mail in memory at one time, and so of one mail; of a larger one nothing is read.
    std::size_t memory = std::size_t{16} << 20U;
    Duration patience = std::chrono::seconds{10};  ///< How long a mail waits for memory.
  };
  struct Stats {
    std::uint64_t kept = 0;
    std::uint64_t repeated = 0;  ///< Known already.
    std::uint64_t ignored = 0;   ///< Not authenticated, not ours, broken, or no report at all.
    std::uint64_t too_many = 0;
  };
  /// What a mail means for the store.
  struct Taken {
    kv::Batch batch;   ///< For the commit that delivers the mail.
    std::string fact;  ///< For its trace: "aggregate for example.org by reporter.example, 12 rows".
  };
  using IsOurs = std::function<bool(const std::string& domain)>;
  /// Gives all octets of a mail.
  using Content = std::function<Task<Result<std::string>>()>;

  struct Judge {
    IsOurs is_ours;
    dmarc::PublicSuffix suffix;
  };
  /// The first three outlive it; `judge.is_ours` is called on the pool.
  Inbox(kv::Engine& engine, const Clock& clock, Pool& pool, Judge judge, Limits limits);

  /// Reads a mail of `size` octets, once it is whole: `content` is asked for it, once, if its
  /// sender is proven and there is memory, or soon is. Never fails: a mail is mail first. On
  /// `core`, the caller's.
  Task<Taken> take(Core& core, std::uint64_t size, Content content, Proof proof);
  [[nodiscard]] Stats stats() const;

 private:
  class Room;
  Task<Taken> try_take(Core& core, std::uint64_t size, Content content, Proof proof);
  Task<Taken> read(std::string octets, Proof proof);
  Task<bool> is_known(std::string key);
  bool has_room(const std::string& reporter, std::size_t bytes);
  Taken ignore(std::uint64_t Stats::* counter, std::string why);

  kv::Engine& engine_;
  const Clock& clock_;
  Pool& pool_;
  const Judge judge_;
  const Limits limits_;

  mutable std::mutex mutex_;
  Stats stats_;
  std::uint64_t held_ = 0;  ///< Octets of mail that is being read or waits for it.
  Day today_ = 0;
  std::size_t bytes_ = 0;
  struct Share {
    std::uint32_t reports = 0;
    std::size_t bytes = 0;
  };
  std::map<std::string, Share> reporters_;  ///< Of today, by organisation.
};

}  // namespace postern::reports
