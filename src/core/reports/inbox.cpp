#include "reports/inbox.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "async/on_pool.hpp"
#include "async/sleep.hpp"
#include "dmarc/registered_domain.hpp"

namespace postern::reports {
namespace {

/// Reporters that are counted apart; who comes then waits for the next day.
constexpr std::size_t kMaxReporters = 10'000;

std::string_view name_of(Topic topic) {
  switch (topic) {
    case Topic::dmarc:   return "aggregate";
    case Topic::tls:     return "TLS";
    case Topic::failure: return "failure";
  }
  std::unreachable();
}

std::string describe(const Received& report) {
  auto out = fmt::format("{} for {} by {}", name_of(report.topic), report.domain, report.reporter);
  if (report.topic == Topic::dmarc) out += fmt::format(", {} rows", report.rows.size());
  if (report.partial) out += ", not whole";
  return out;
}

}  // namespace

Inbox::Inbox(kv::Engine& engine, const Clock& clock, Pool& pool, Judge judge, Limits limits)
    : engine_{engine}, clock_{clock}, pool_{pool}, judge_{std::move(judge)}, limits_{limits} {}

/// What one mail holds of the memory.
class Inbox::Room {
 public:
  Room(Inbox& inbox, std::uint64_t octets) : inbox_{inbox}, octets_{octets} {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    const std::scoped_lock lock{inbox_.mutex_};
    if (given_) inbox_.held_ -= octets_;
  }
  /// Waits for it; false: in vain.
  Task<bool> enter(Core& core) {
    constexpr Duration kPause = std::chrono::milliseconds{100};
    bool got = take();
    for (Duration waited{}; !got && waited < inbox_.limits_.patience; waited += kPause) {
      co_await sleep(core, kPause);
      got = take();
    }
    co_return got;
  }

 private:
  bool take() {
    const std::scoped_lock lock{inbox_.mutex_};
    given_ = octets_ <= inbox_.limits_.memory - inbox_.held_;
    if (given_) inbox_.held_ += octets_;
    return given_;
  }

  Inbox& inbox_;
  const std::uint64_t octets_;
  bool given_ = false;
};

Inbox::Taken Inbox::ignore(std::uint64_t Stats::* counter, std::string why) {
  const std::scoped_lock lock{mutex_};
  ++(stats_.*counter);
  return {.batch = {}, .fact = "ignored: " + std::move(why)};
}

/// Also when the store cannot tell: nobody is to write over what is there.
Task<bool> Inbox::is_known(std::string key) {
  const auto reader = engine_.published();
  std::vector<std::string> wanted;
  wanted.push_back(std::move(key));
  const auto values = co_await reader->get(std::move(wanted));
  co_return !values || values->front().has_value();
}

/// Counts it, if so. Only of this process: a restart begins anew. A reporter is whoever registered
/// the name: those below it are free of cost.
bool Inbox::has_room(const std::string& reporter, std::size_t bytes) {
  const std::scoped_lock lock{mutex_};
  const auto today = day_of(clock_.now());
  if (std::exchange(today_, today) != today) {
    reporters_.clear();
    bytes_ = 0;
  }
  if (bytes_ + bytes > limits_.bytes_per_day) return false;
  if (!reporters_.contains(reporter) && reporters_.size() >= kMaxReporters) return false;
  auto& share = reporters_[reporter];
  if (share.reports >= limits_.reports_per_reporter ||
      share.bytes + bytes > limits_.bytes_per_reporter)
    return false;
  ++share.reports;
  share.bytes += bytes;
  bytes_ += bytes;
  return true;
}

Task<Inbox::Taken> Inbox::take(Core& core, std::uint64_t size, Content content, Proof proof) {
  std::string why;
  try {
    co_return co_await try_take(core, size, std::move(content), std::move(proof));
  } catch (const std::exception& bug) {
    why = bug.what();
  }
  co_return ignore(&Stats::ignored, "a bug: " + why);
}

Task<Inbox::Taken> Inbox::try_take(Core& core, std::uint64_t size, Content content, Proof proof) {
  if (!is_proven(proof, judge_.suffix)) co_return ignore(&Stats::ignored, "not authenticated");
  if (size > std::min<std::uint64_t>(kMaxReportMail, limits_.memory))
    co_return ignore(&Stats::ignored, "too large");
  Room room{*this, size};
  const bool entered = co_await room.enter(core);
  if (!entered) co_return ignore(&Stats::too_many, "too much to do");
  auto octets = co_await content();
  if (!octets) {
    co_return ignore(&Stats::ignored,
                     "it cannot be read back: " + std::string{to_string(octets.error().code)});
  }
  co_return co_await read(*std::move(octets), std::move(proof));
}

Task<Inbox::Taken> Inbox::read(std::string octets, Proof proof) {
  const auto now = clock_.now();
  const auto work = [this, &octets, &proof, now] {
    return read_report({.octets = octets,
                        .proof = proof,
                        .now = now,
                        .is_ours = judge_.is_ours,
                        .suffix = judge_.suffix});
  };
  auto reading = co_await on_pool(pool_, work);
  if (!reading) co_return ignore(&Stats::too_many, "too much to do");
  const auto report = std::move(reading->report);
  if (!report) co_return ignore(&Stats::ignored, std::move(reading->why));
  auto key = received_key(*report);
  const bool known = co_await is_known(key);
  if (known) co_return ignore(&Stats::repeated, "known already");
  auto value = encode_received(*report);
  if (!has_room(dmarc::registered_domain(report->reporter, judge_.suffix),
                key.size() + value.size()))
    co_return ignore(&Stats::too_many, "too many from " + report->reporter + " today");
  Taken out;
  out.fact = describe(*report);
  out.batch.put(std::move(key), std::move(value));
  const std::scoped_lock lock{mutex_};
  ++stats_.kept;
  co_return out;
}

Inbox::Stats Inbox::stats() const {
  const std::scoped_lock lock{mutex_};
  return stats_;
}

}  // namespace postern::reports
