#include "reports/uploads.hpp"

#include <array>
#include <utility>

namespace postern::reports {
namespace {

using namespace std::chrono_literals;

/// Between one try and the next: a day in all (RFC 8460 §5.5).
constexpr std::array<Duration, 6> kPauses{5min, 15min, 1h, 3h, 7h, 12h};
constexpr Duration kLook = 5s;

}  // namespace

bool Uploads::add(Upload upload) {
  const auto size = upload.octets.size();
  if (!possible() || waiting_.size() >= kMostWaiting || size > kMostOctets - octets_) return false;
  octets_ += size;
  waiting_.emplace(parts_.core.clock.instant(), Waiting{.upload = std::move(upload)});
  return true;
}

Task<> Uploads::run() {
  for (bool more = true; more && !stopping_;) {
    while (!stopping_ && !waiting_.empty() &&
           waiting_.begin()->first <= parts_.core.clock.instant()) {
      auto next = std::move(waiting_.extract(waiting_.begin()).mapped());
      octets_ -= next.upload.octets.size();
      co_await send(std::move(next));
    }
    more = co_await sleeper_.sleep(kLook);
  }
}

Task<> Uploads::send(Waiting one) {
  const auto sent = co_await parts_.post(one.upload.url, one.upload.octets);
  if (sent) {
    ++sent_;
    parts_.logger.info(
        "report sent",
        {{"domain", one.upload.domain}, {"topic", "tls"}, {"to", log::Detail{one.upload.url}}});
    co_return;
  }
  const bool last = one.tries >= kPauses.size();
  parts_.logger.warn("report not sent", {{"domain", one.upload.domain},
                                         {"to", log::Detail{one.upload.url}},
                                         {"why", log::Detail{sent.error().detail}},
                                         {"again", !last}});
  if (last) {
    ++failed_;
    co_return;
  }
  octets_ += one.upload.octets.size();
  const auto pause = kPauses.at(one.tries++);
  waiting_.emplace(parts_.core.clock.instant() + pause, std::move(one));
}

void Uploads::stop() {
  stopping_ = true;
  sleeper_.cancel();
}

}  // namespace postern::reports
