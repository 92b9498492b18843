#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/core.hpp"
#include "async/mutex.hpp"
#include "async/pool.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"
#include "log/log.hpp"
#include "mailauth/inquiry.hpp"
#include "queue/queue.hpp"
#include "reports/collector.hpp"
#include "reports/ledger.hpp"
#include "reports/letters.hpp"
#include "reports/uploads.hpp"
#include "resolver/resolver.hpp"

namespace postern::reports {

/// When `subject` is told by `hostname`, if nothing hinders: from a quarter past midnight UTC of
/// the next day till noon, so that neither all domains are told at one moment nor one by everybody.
[[nodiscard]] Timestamp due_time(const Subject& subject, std::string_view hostname);

/// What became of one report.
struct Told {
  Subject subject;
  std::chrono::sys_seconds begin{};
  std::chrono::sys_seconds until{};
  std::uint64_t rows = 0;
  /// Addresses it was handed to the queue for, one for each mail, and URLs that it is uploaded to.
  std::vector<std::string> to;
  std::vector<std::string> notes;  ///< Who is not told, and why.
  bool later = false;              ///< DNS or the store failed: it is tried again.
};

/// Tells others what was seen, once for each domain and period, whatever happens in between: that
/// it is told is on disk before it leaves. By mail with a null reverse path, so that neither
/// bounces nor loops come of it; TLS reports also by upload. Belongs to `core`.
class Sender {
 public:
  /// All of it outlives the sender, but `submit` and `logger`, which are its own.
  struct Parts {
    kv::Engine& engine;
    resolver::Resolver& resolver;
    Core& core;
    Pool& pool;
    Collector& collector;
    Ledger& ledger;
    Uploads& uploads;
    queue::SubmitNotice submit;
    log::Logger logger;
  };
  struct Stats {
    std::uint64_t reports = 0;   ///< Told.
    std::uint64_t letters = 0;   ///< In so many mails.
    std::uint64_t unwanted = 0;  ///< Domains that ask for none.
    std::uint64_t deferred = 0;  ///< Tries that will be repeated.
    std::uint64_t failed = 0;    ///< Mails that the queue did not take, and reports given up.
  };

  explicit Sender(Parts parts);

  /// From now on; any thread.
  void use(std::shared_ptr<const Settings> settings) { settings_.store(std::move(settings)); }
  [[nodiscard]] std::shared_ptr<const Settings> settings() const { return settings_.load(); }

  /// Tells of finished days as their moments come, till `stop`.
  Task<> run();
  void stop();
  /// Tells at once of what was seen up to now about `domain`, or with none about all. What comes
  /// later on that day is another report, which begins where this one ends. At most
  /// kMaxSendNow. Errors: `not_permitted` (sending is off, or nobody to send as), the store's.
  Task<Result<std::vector<Told>>> send_now(std::optional<std::string> domain);
  static constexpr std::size_t kMaxSendNow = 1000;

  [[nodiscard]] Stats stats() const;

 private:
  Task<> plan();
  Task<> tell_due();
  /// How much of DNS may be missing when a report is made.
  enum class Patience : std::uint8_t {
    full,   ///< Nothing.
    some,   ///< Some destinations, if others are known: those need not wait for them.
    ended,  ///< Everything: later is too late.
  };
  struct Due {
    Timestamp when{};
    unsigned tries = 0;
  };
  [[nodiscard]] Patience patience_for(const Subject& subject, const Due& due) const;
  [[nodiscard]] bool must_wait(const Destinations& to, Patience patience) const;
  bool store_takes();
  Task<Told> tell_safely(Subject subject, Patience patience);
  [[nodiscard]] Duration till_next() const;
  Task<Told> tell(Subject subject, std::chrono::sys_seconds until, Patience patience);
  Task<Destinations> ask(const Subject& subject, const Settings& settings);
  Task<> submit(Letters letters, Told& told);
  Task<Told> tell_account(const Account& account, Told told, Patience patience);
  struct Posts {
    std::vector<std::string> urls;
    bool later = false;  ///< There is no room for some now.
  };
  [[nodiscard]] Posts possible_posts(const Destinations& to, std::size_t octets, Told& told) const;
  void upload(const std::vector<std::string>& urls, const std::string& octets, Told& told);
  Task<Result<Letters>> write(const Account& account, const Told& told, const Destinations& to,
                              const Settings& settings);
  Told postpone(Told told, std::string_view why);

  Parts parts_;
  std::atomic<std::shared_ptr<const Settings>> settings_;
  std::shared_ptr<mailauth::Load> load_ = std::make_shared<mailauth::Load>();
  AsyncMutex telling_;
  Sleeper sleeper_;
  bool stopping_ = false;
  Day planned_ = 0;  ///< Everything before this day is in `due_`.
  std::map<Subject, Due> due_;
  bool store_takes_ = true;  ///< When it was last asked.
  struct Counters {
    std::atomic<std::uint64_t> reports{0}, letters{0}, unwanted{0}, deferred{0}, failed{0};
  } counters_;
};

}  // namespace postern::reports
