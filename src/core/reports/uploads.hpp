#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "async/core.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"
#include "dmarc/tree_walk.hpp"
#include "log/log.hpp"
#include "vocab/result.hpp"

namespace postern::reports {

/// POSTs `octets` (application/tlsrpt+gzip) to an https URL; a value once the other side said it
/// has them. The error's detail says in plain words why not. `bad_syntax`, `not_permitted` and
/// `policy_reject` are final: trying again would be of no use.
using Post = std::function<Task<Result<void>>(std::string url, std::string octets)>;

/// TLS reports on their way to https destinations (RFC 8460 §5.4): each is tried for a day, with
/// longer and longer pauses. A few go at once, but of one organisation one, and no organisation may
/// have many: whoever names URLs that answer slowly, or that are not theirs, shall not hold up or
/// make us pester others. They wait in memory: a stop or crash loses them, as a report may be lost
/// but not told twice. Belongs to `core`.
class Uploads {
 public:
  /// `core` outlives it.
  struct Parts {
    Core& core;
    Post post;  ///< None: nothing is taken.
    dmarc::PublicSuffix suffix;
    log::Logger logger;
  };
  struct Upload {
    std::string domain;  ///< That is told; for the log.
    std::string url;
    std::string octets;
  };
  struct Stats {
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;  ///< Given up.
  };
  static constexpr std::size_t kMost = 500;
  static constexpr std::size_t kMostOfOne = 20;                       ///< Organisation.
  static constexpr std::size_t kMostOctets = std::size_t{16} << 20U;  ///< Of all.

  explicit Uploads(Parts parts);

  /// Whether so many octets would be taken for `url`. Errors: `bad_syntax`: it cannot be used;
  /// `limit_reached`: too much waits; `unsupported`: nothing can be sent; `shutting_down`.
  [[nodiscard]] Result<void> check(const std::string& url, std::size_t octets) const;
  /// The same errors; then it is not taken.
  [[nodiscard]] Result<void> add(Upload upload);
  /// Sends what comes, till `stop`.
  Task<> run();
  void stop();
  /// Any thread.
  [[nodiscard]] Stats stats() const { return {.sent = sent_, .failed = failed_}; }

 private:
  struct Entry {
    Upload upload;
    std::string organisation;
    Instant due;
    std::size_t tries = 0;
    bool under_way = false;
  };
  using Entries = std::list<Entry>;

  /// The organisation on whose share so many octets for `url` would go; errors as `check`.
  [[nodiscard]] Result<std::string> share_for(const std::string& url, std::size_t octets) const;
  [[nodiscard]] Entries::iterator next_due();
  Task<> work(Sleeper& sleeper);
  Task<> send(Entries::iterator entry);
  Task<Result<void>> post(const Upload& upload);
  void end(Entries::iterator entry, bool sent);

  Parts parts_;
  std::array<Sleeper, 4> sleepers_;  ///< One for each that goes at once.
  Entries entries_;
  std::size_t octets_ = 0;  ///< Of all entries.
  bool stopping_ = false;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace postern::reports
