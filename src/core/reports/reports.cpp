#include "reports/reports.hpp"

#include <utility>

namespace postern::reports {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFlush = 1min;
constexpr Duration kLook = 5s;

}  // namespace

Reports::Reports(Parts parts)
    : core_{parts.core},
      logger_{parts.logger},
      collector_{parts.engine, parts.core.clock, parts.core.random, {}, parts.judge.suffix},
      ledger_{parts.engine, parts.core.clock},
      uploads_{{.core = parts.core,
                .post = std::move(parts.post),
                .suffix = parts.judge.suffix,
                .logger = parts.logger}},
      sender_{{.engine = parts.engine,
               .resolver = parts.resolver,
               .core = parts.core,
               .pool = parts.pool,
               .collector = collector_,
               .ledger = ledger_,
               .uploads = uploads_,
               .submit = std::move(parts.submit),
               .logger = parts.logger}},
      inbox_{parts.engine, parts.core.clock, parts.pool, std::move(parts.judge), parts.inbox},
      sleeper_{parts.core} {}

Task<> Reports::flush_now_and_then() {
  auto next = core_.clock.instant() + kFlush;
  bool stored = true;
  for (bool more = true; more;) {
    more = co_await sleeper_.sleep(kLook);
    if (!more) co_return;
    if (core_.clock.instant() < next && !collector_.wants_flush()) continue;
    next = core_.clock.instant() + kFlush;
    const auto flushed = co_await collector_.flush();
    // Tried each minute while the store fails: said once.
    if (!flushed && stored) logger_.warn("statistics not stored", {{"why", flushed.error().code}});
    if (flushed && !stored) logger_.info("statistics stored again");
    stored = flushed.has_value();
  }
}

void Reports::stop() {
  sender_.stop();
  uploads_.stop();
  sleeper_.cancel();
}

}  // namespace postern::reports
