#include "smtpd/patience.hpp"

#include <algorithm>

#include "smtpd/state.hpp"

namespace postern::smtpd {
namespace {

/// A message beyond its limit is read to its end, so that the session can go on; but not for ever.
constexpr std::uint64_t kOversizeFactor = 4;
constexpr std::uint64_t kOversizeFloor = 16U << 20U;

}  // namespace

Patience::Patience(Session& session)
    : session_{session},
      deadline_{session.core.clock.instant() + session.settings.timeouts.message} {}

bool Patience::too_slow(const Incoming* message) const {
  const Timeouts& limits = session_.settings.timeouts;
  const bool scarce = message != nullptr && message->memory_scarce();
  return !pace_.within(scarce ? limits.scarce_pace : limits.pace);
}

Task<Result<void>> Patience::fill(const Incoming* message, Duration limit) {
  if (!session_.wire.input().empty()) co_return Result<void>{};
  if (used_ > std::max(session_.settings.max_message * kOversizeFactor, kOversizeFloor))
    co_return fail(Errc::too_large);
  const Clock& clock = session_.core.clock;
  const Instant until = std::min(clock.instant() + limit, deadline_);
  for (;;) {
    const Instant before = clock.instant();
    const auto filled = co_await session_.wire.fill(std::min(until - before, net::Pace::kLook));
    pace_.waited(clock.instant() - before);
    if (!filled && filled.error().code != Errc::peer_timeout) co_return filled;
    used_ += session_.wire.input().size();
    pace_.got(session_.wire.input().size());
    if (too_slow(message)) co_return fail(Errc::peer_timeout, "too slow");
    if (filled || clock.instant() >= until) co_return filled;
  }
}

}  // namespace postern::smtpd
