#include "reports/uploads.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "async/task_group.hpp"
#include "dmarc/registered_domain.hpp"
#include "http/url.hpp"
#include "vocab/try.hpp"

namespace postern::reports {
namespace {

using namespace std::chrono_literals;

/// Between one try and the next: a day in all (RFC 8460 §5.5).
constexpr std::array<Duration, 6> kPauses{5min, 15min, 1h, 3h, 7h, 12h};
constexpr Duration kLook = 5s;

bool is_final(Errc why) {
  return why == Errc::bad_syntax || why == Errc::not_permitted || why == Errc::policy_reject;
}

}  // namespace

Uploads::Uploads(Parts parts)
    : parts_{std::move(parts)},
      sleepers_{Sleeper{parts_.core}, Sleeper{parts_.core}, Sleeper{parts_.core},
                Sleeper{parts_.core}} {}

Result<std::string> Uploads::share_for(const std::string& url, std::size_t octets) const {
  if (!parts_.post) return fail(Errc::unsupported, "https is not spoken");
  if (stopping_) return fail(Errc::shutting_down, "the server stops");
  POSTERN_TRY(const auto parsed, http::parse_url(url));
  auto organisation = dmarc::registered_domain(parsed.host, parts_.suffix).to_string();
  const auto waiting = std::ranges::count(entries_, organisation, &Entry::organisation);
  const bool full = entries_.size() >= kMost || std::cmp_greater_equal(waiting, kMostOfOne) ||
                    octets > kMostOctets - octets_;
  if (full) return fail(Errc::limit_reached, "too many wait");
  return organisation;
}

Result<void> Uploads::check(const std::string& url, std::size_t octets) const {
  POSTERN_CHECK(share_for(url, octets));
  return {};
}

Result<void> Uploads::add(Upload upload) {
  POSTERN_TRY(auto organisation, share_for(upload.url, upload.octets.size()));
  octets_ += upload.octets.size();
  entries_.push_back({.upload = std::move(upload),
                      .organisation = std::move(organisation),
                      .due = parts_.core.clock.instant()});
  return {};
}

Uploads::Entries::iterator Uploads::next_due() {
  const auto now = parts_.core.clock.instant();
  return std::ranges::find_if(entries_, [&](const Entry& one) {
    return !one.under_way && one.due <= now &&
           std::ranges::none_of(entries_, [&one](const Entry& other) {
             return other.under_way && other.organisation == one.organisation;
           });
  });
}

Task<> Uploads::run() {
  TaskGroup workers{parts_.core.executor, [this](const std::exception_ptr&) {
                      parts_.logger.error("a bug ended the upload of reports");
                    }};
  for (auto& sleeper : sleepers_) workers.spawn(work(sleeper));
  co_await workers.join();
  if (entries_.empty()) co_return;
  failed_ += entries_.size();
  parts_.logger.warn("reports not sent", {{"count", entries_.size()}, {"why", "the server stops"}});
}

Task<> Uploads::work(Sleeper& sleeper) {
  for (bool more = true; more && !stopping_;) {
    const auto entry = next_due();
    if (entry == entries_.end()) {
      more = co_await sleeper.sleep(kLook);
    } else {
      co_await send(entry);
    }
  }
}

Task<Result<void>> Uploads::post(const Upload& upload) {
  try {
    co_return co_await parts_.post(upload.url, upload.octets);
  } catch (const std::exception& bug) {
    co_return fail(Errc::policy_reject, bug.what());
  }
}

void Uploads::end(Entries::iterator entry, bool sent) {
  ++(sent ? sent_ : failed_);
  octets_ -= entry->upload.octets.size();
  entries_.erase(entry);
}

Task<> Uploads::send(Entries::iterator entry) {
  entry->under_way = true;
  const auto sent = co_await post(entry->upload);
  entry->under_way = false;
  const log::Field domain{"domain", entry->upload.domain};
  const log::Field to{"to", log::Detail{entry->upload.url}};
  if (sent) {
    parts_.logger.info("report sent", {domain, {"topic", "tls"}, to});
    co_return end(entry, true);
  }
  if (stopping_) co_return;
  const bool last = is_final(sent.error().code) || entry->tries >= kPauses.size();
  parts_.logger.warn("report not sent",
                     {domain, to, {"why", log::Detail{sent.error().detail}}, {"again", !last}});
  if (last) co_return end(entry, false);
  entry->due = parts_.core.clock.instant() + kPauses.at(entry->tries++);
}

void Uploads::stop() {
  stopping_ = true;
  for (auto& sleeper : sleepers_) sleeper.cancel();
}

}  // namespace postern::reports
