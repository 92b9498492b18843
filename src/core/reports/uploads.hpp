#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "async/core.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"
#include "log/log.hpp"
#include "vocab/result.hpp"

namespace postern::reports {

/// POSTs `octets` (application/tlsrpt+gzip) to an https URL; a value once the other side said it
/// has them. The error's detail says in plain words why not.
using Post = std::function<Task<Result<void>>(std::string url, std::string octets)>;

/// TLS reports on their way to https destinations (RFC 8460 §5.4), one at a time: each is tried for
/// a day, with longer and longer pauses. They wait in memory: a stop or crash loses them, as a
/// report may be lost but not told twice. Belongs to `core`.
class Uploads {
 public:
  /// `core` outlives it. Without a `post` nothing is taken.
  struct Parts {
    Core& core;
    Post post;
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
  static constexpr std::size_t kMostWaiting = 500;
  static constexpr std::size_t kMostOctets = std::size_t{16} << 20U;  ///< Of all that wait.

  explicit Uploads(Parts parts) : parts_{std::move(parts)}, sleeper_{parts_.core} {}

  [[nodiscard]] bool possible() const { return parts_.post != nullptr; }
  /// False: too much waits already, or nothing can be sent.
  [[nodiscard]] bool add(Upload upload);
  /// Sends what comes, till `stop`.
  Task<> run();
  void stop();
  /// Any thread.
  [[nodiscard]] Stats stats() const { return {.sent = sent_, .failed = failed_}; }

 private:
  struct Waiting {
    Upload upload;
    std::size_t tries = 0;
  };
  Task<> send(Waiting one);

  Parts parts_;
  Sleeper sleeper_;
  std::multimap<Instant, Waiting> waiting_;  ///< By when each is tried next.
  std::size_t octets_ = 0;                   ///< Of those.
  bool stopping_ = false;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace postern::reports
