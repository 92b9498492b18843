#include "reports/sender.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "async/on_pool.hpp"
#include "vocab/try.hpp"

namespace postern::reports {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

constexpr Duration kFirst = 15min;      ///< After midnight: what was counted has been stored then.
constexpr Duration kSpread = 705min;    ///< Till noon.
constexpr Duration kAgain = 1h;         ///< After a failure of DNS or the store.
constexpr Duration kPace = 1s;          ///< Between two reports: 60 a minute.
constexpr Duration kLongest = 5min;     ///< Clocks may jump: the plan is looked at so often.
constexpr Duration kStoreAgain = 1min;  ///< For a store that takes nothing.
constexpr unsigned kTries = 6;          ///< Till those are told that DNS does know.
constexpr Day kDaysBack = 2;            ///< Older days are not told any more.

std::chrono::sys_seconds end_of(Day day) {
  return begin_of(day + 1);
}

mailauth::Budget budget() {
  mailauth::Budget out;
  out.time = 2min;  // nobody waits for it
  return out;
}

}  // namespace

Timestamp due_time(const Subject& subject, std::string_view hostname) {
  std::string text{hostname};
  text.push_back('\0');
  text += subject.domain;
  const auto share = hash_of(text) % static_cast<std::uint64_t>(floor<seconds>(kSpread).count());
  return end_of(subject.day) + kFirst + seconds{share};
}

Sender::Sender(Parts parts)
    : parts_{std::move(parts)},
      settings_{std::make_shared<const Settings>()},
      sleeper_{parts_.core} {}

void Sender::stop() {
  stopping_ = true;
  parts_.ledger.stop();
  sleeper_.cancel();
}

Sender::Stats Sender::stats() const {
  return {.reports = counters_.reports,
          .letters = counters_.letters,
          .unwanted = counters_.unwanted,
          .deferred = counters_.deferred,
          .failed = counters_.failed};
}

Task<> Sender::run() {
  for (bool more = true; more && !stopping_;) {
    co_await parts_.ledger.sweep();
    const auto now = settings();
    if (now->enabled && !now->from.empty()) {
      co_await plan();
      co_await tell_due();
    }
    more = co_await sleeper_.sleep(till_next());
  }
}

/// Once a day, when the rows of the last minutes before midnight have been stored.
Task<> Sender::plan() {
  const auto now = parts_.core.clock.now();
  const auto today = day_of(now - kFirst / 2);
  if (today == planned_) co_return;
  // What was only appended is shown to nobody before a sync.
  const auto stored = co_await parts_.engine.durable(parts_.engine.tip()->ticket());
  if (!stored) co_return;
  const auto hostname = settings()->hostname;
  for (Day back = kDaysBack; back > 0; --back) {
    if (today < back) continue;
    auto open = co_await parts_.ledger.open_subjects(today - back);
    if (!open) {
      parts_.logger.warn("reports not planned", {{"why", open.error().code}});
      co_return;
    }
    for (auto& subject : *open) {
      const auto due = due_time(subject, hostname);
      due_.emplace(std::move(subject), Due{.when = due});
    }
  }
  planned_ = today;
  std::erase_if(due_, [this, today](const auto& entry) {
    const bool late = entry.first.day + kDaysBack < today;
    if (late) ++counters_.failed;
    return late;
  });
}

/// Whether a report can be written down and sent now: else it stays due.
bool Sender::store_takes() {
  const bool takes = parts_.engine.health() == kv::Health::good;
  if (std::exchange(store_takes_, takes) == takes) return takes;
  if (takes) {
    parts_.logger.info("reports are sent again");
  } else {
    parts_.logger.warn("reports wait: the store takes nothing");
  }
  return takes;
}

Sender::Patience Sender::patience_for(const Subject& subject, const Due& due) const {
  const bool is_last =
      parts_.core.clock.now() + kAgain >= Timestamp{end_of(subject.day + kDaysBack)};
  if (is_last) return Patience::ended;
  return due.tries >= kTries ? Patience::some : Patience::full;
}

Task<> Sender::tell_due() {
  while (!stopping_ && store_takes()) {
    const auto now = parts_.core.clock.now();
    const auto next =
        std::ranges::find_if(due_, [now](const auto& entry) { return entry.second.when <= now; });
    if (next == due_.end()) co_return;
    const auto [subject, due] = *next;
    const auto told = co_await tell_safely(subject, patience_for(subject, due));
    if (told.later) {
      due_[subject] = {.when = parts_.core.clock.now() + kAgain, .tries = due.tries + 1};
    } else {
      due_.erase(subject);
    }
    const bool more = co_await sleeper_.sleep(kPace);
    if (!more) co_return;
  }
}

/// What fails in a way that nobody thought of concerns one domain: the others are told.
Task<Told> Sender::tell_safely(Subject subject, Patience patience) {
  std::string why;
  try {
    co_return co_await tell(subject, end_of(subject.day), patience);
  } catch (const std::exception& error) {
    why = error.what();
  }
  ++counters_.failed;
  parts_.logger.error("report not made", {{"domain", subject.domain}, {"why", log::Detail{why}}});
  co_return Told{.subject = std::move(subject)};
}

Duration Sender::till_next() const {
  if (!store_takes_) return kStoreAgain;
  const auto now = parts_.core.clock.now();
  Duration out = kLongest;
  for (const auto& [subject, due] : due_) out = std::min(out, std::max(due.when - now, kPace));
  return out;
}

Task<Result<std::vector<Told>>> Sender::send_now(std::optional<std::string> domain) {
  const auto settings = this->settings();
  if (!settings->enabled) co_return fail(Errc::not_permitted, "reports.send is off");
  if (settings->from.empty()) co_return fail(Errc::not_permitted, "reports.from is no address");
  POSTERN_CO_CHECK(co_await parts_.collector.flush());
  POSTERN_CO_CHECK(co_await parts_.engine.durable(parts_.engine.tip()->ticket()));
  const auto now = floor<seconds>(parts_.core.clock.now());
  const auto today = day_of(now);
  std::vector<Told> out;
  for (Day day = today < kDaysBack ? 0 : today - kDaysBack; day <= today; ++day) {
    POSTERN_CO_TRY(const auto open, co_await parts_.ledger.open_subjects(day));
    for (const auto& subject : open) {
      if (domain && subject.domain != *domain) continue;
      if (stopping_ || out.size() >= kMaxSendNow) co_return out;
      auto told = co_await tell(subject, std::min(now, end_of(day)), Patience::full);
      if (!told.later) due_.erase(subject);
      out.push_back(std::move(told));
    }
  }
  co_return out;
}

Task<Told> Sender::tell(Subject subject, std::chrono::sys_seconds until, Patience patience) {
  const auto turn = co_await telling_.lock();
  Told told{.subject = subject, .begin = begin_of(subject.day), .until = until};
  const auto account = co_await parts_.ledger.read(subject);
  if (!account) co_return postpone(std::move(told), to_string(account.error().code));
  if (const auto& done = account->done) told.begin = std::max(told.begin, done->until);
  co_return co_await tell_account(*account, std::move(told), patience);
}

/// The failure is of DNS, the store or the pool: it may be over in an hour.
Told Sender::postpone(Told told, std::string_view why) {
  ++counters_.deferred;
  told.later = true;
  told.notes.emplace_back(why);
  parts_.logger.warn("report not made yet", {{"domain", told.subject.domain}, {"why", why}});
  return told;
}

Task<Destinations> Sender::ask(const Subject& subject, const Settings& settings) {
  auto name = dns::Name::parse(subject.domain);
  if (!name) co_return Destinations{};
  mailauth::Inquiry inquiry{parts_.resolver, parts_.core.clock, budget(), load_};
  if (subject.topic == Topic::tls) co_return co_await tls_destinations(inquiry, *std::move(name));
  co_return co_await dmarc_destinations(inquiry, *std::move(name), settings.suffix);
}

/// At shutdown all of DNS fails, which says nothing about who is to be told.
bool Sender::must_wait(const Destinations& to, Patience patience) const {
  if (!to.ask_again) return false;
  if (stopping_) return true;
  const bool nobody = to.to.empty() && to.posts.empty();
  return patience == Patience::full || (patience == Patience::some && nobody);
}

Task<Told> Sender::tell_account(const Account& account, Told told, Patience patience) {
  // Rows that were stored after the whole day was told are too late for it.
  const bool too_late = told.begin >= end_of(told.subject.day);
  if (account.keys.empty() || (told.begin >= told.until && !too_late)) co_return told;
  const auto settings = this->settings();
  Destinations to;
  if (!too_late) to = co_await ask(told.subject, *settings);
  told.notes.insert(told.notes.end(), to.notes.begin(), to.notes.end());
  if (must_wait(to, patience)) co_return postpone(std::move(told), "DNS fails");
  auto letters = co_await write(account, told, to, *settings);
  if (!letters) co_return postpone(std::move(told), to_string(letters.error().code));
  Done done{.until = std::max(told.until, told.begin),
            .when = parts_.core.clock.now(),
            .report_id = letters->report_id,
            .to = {}};
  for (const auto& letter : letters->letters) done.to.push_back(smtp::to_string(letter.to));
  Posts posts;
  if (!letters->upload.empty()) posts = possible_posts(to, letters->upload.size(), told);
  if (posts.later && patience != Patience::ended && letters->letters.empty() && posts.urls.empty())
    co_return postpone(std::move(told), "too many uploads wait");
  done.to.insert(done.to.end(), posts.urls.begin(), posts.urls.end());
  const auto settled = co_await parts_.ledger.settle(told.subject, std::move(done), account.keys);
  if (!settled) co_return postpone(std::move(told), to_string(settled.error().code));
  upload(posts.urls, letters->upload, told);
  co_await submit(*std::move(letters), told);
  co_return told;
}

Sender::Posts Sender::possible_posts(const Destinations& to, std::size_t octets, Told& told) const {
  Posts out;
  for (const auto& url : to.posts) {
    const auto possible = parts_.uploads.check(url, octets);
    if (possible) {
      out.urls.push_back(url);
    } else {
      out.later = out.later || possible.error().code == Errc::limit_reached;
      told.notes.push_back("not to " + url + ": " + possible.error().detail);
    }
  }
  return out;
}

void Sender::upload(const std::vector<std::string>& urls, const std::string& octets, Told& told) {
  for (const auto& url : urls) {
    const auto taken =
        parts_.uploads.add({.domain = told.subject.domain, .url = url, .octets = octets});
    if (taken) {
      told.to.push_back(url);
    } else {
      ++counters_.failed;
      told.notes.push_back("not to " + url + ": " + taken.error().detail);
    }
  }
}

Task<Result<Letters>> Sender::write(const Account& account, const Told& told,
                                    const Destinations& to, const Settings& settings) {
  if (to.to.empty() && to.posts.empty()) co_return Letters{};
  auto& core = parts_.core;
  const LetterIds ids{.report = fmt::format("{:016x}", core.random.u64()),
                      .unique = fmt::format("{:016x}", core.random.u64()),
                      .now = {.time = core.clock.now(), .offset_minutes = 0}};
  const Telling telling{
      .subject = told.subject, .begin = told.begin, .until = told.until, .chunks = account.chunks};
  const auto work = [&telling, &to, &settings, &ids] {
    return make_letters(telling, to, settings, ids);
  };
  co_return co_await on_pool(parts_.pool, work);
}

Task<> Sender::submit(Letters letters, Told& told) {
  told.rows = letters.rows;
  told.notes.insert(told.notes.end(), letters.notes.begin(), letters.notes.end());
  for (auto& letter : letters.letters) {
    const auto address = smtp::to_string(letter.to);
    const auto sent =
        co_await parts_.submit(std::move(letter.content), std::move(letter.to), TraceId{});
    if (sent) {
      ++counters_.letters;
      told.to.push_back(address);
      parts_.logger.info("report sent", {{"id", *sent},
                                         {"domain", told.subject.domain},
                                         {"topic", to_string(told.subject.topic)},
                                         {"to", log::Address{address}},
                                         {"rows", told.rows}});
    } else {
      ++counters_.failed;
      told.notes.push_back("not to " + address + ": " + std::string{to_string(sent.error().code)});
      parts_.logger.warn("report not sent", {{"domain", told.subject.domain},
                                             {"to", log::Address{address}},
                                             {"why", sent.error().code}});
    }
  }
  ++(told.to.empty() ? counters_.unwanted : counters_.reports);
  for (const auto& note : told.notes) {
    parts_.logger.info("report has no way", {{"domain", told.subject.domain},
                                             {"topic", to_string(told.subject.topic)},
                                             {"why", log::Detail{note}}});
  }
}

}  // namespace postern::reports
