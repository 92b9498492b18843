// Quotas: how full an account is, and who is refused for it. What an operation must come to is
// known only if nobody else was at work on the account meanwhile.
#include <fmt/format.h>

#include "sim/store_user.hpp"

namespace postern::sim {

Task<std::optional<StoreUser::Room>> StoreUser::measure() {
  const auto* const mine = slot_.model.get();
  const auto epoch = model().epoch();
  if (!model().quiet()) co_return std::nullopt;
  const auto quota = co_await session().quota();
  if (unheard(mine) || !quota || !model().quiet() || model().epoch() != epoch)
    co_return std::nullopt;
  co_return Room{.epoch = epoch, .quota = *quota};
}

/// Between its beginning and now nothing else began or ended.
bool StoreUser::alone(const Room& room, std::uint64_t events) {
  return model().epoch() == room.epoch + events;
}

void StoreUser::judge(const std::optional<Room>& room, std::optional<Errc> refusal,
                      std::uint64_t octets, Grace grace) {
  if (!room || !alone(*room, 1) || (refusal && *refusal != Errc::over_quota)) return;
  const auto [used, limit] = room->quota;
  const std::uint64_t top = grace == Grace::one_message ? limit + limit / 10 : limit;
  const bool fits = limit == 0 || used + octets <= top;
  if (refusal && fits) {
    model().object(
        fmt::format("{}: {} octets refused at {} of {}", slot_.address, octets, used, limit));
  }
  if (!refusal && !fits && octets > 0) {
    model().object(
        fmt::format("{}: {} octets taken at {} of {}", slot_.address, octets, used, limit));
  }
}

Task<> StoreUser::check_used(std::optional<Room> room, std::int64_t more) {
  const auto* const mine = slot_.model.get();
  if (!room || !alone(*room, 2)) co_return;
  const auto quota = co_await session().quota();
  if (unheard(mine) || !quota || !room || !alone(*room, 2)) co_return;
  const auto expected = static_cast<std::int64_t>(room->quota.used) + more;
  if (static_cast<std::int64_t>(quota->used) != expected) {
    model().object(fmt::format("{}: {} octets used right after, {} expected", slot_.address,
                               quota->used, expected));
  }
}

/// Asks as RCPT does, or sets another limit.
Task<> StoreUser::limit() {
  if (chance_.once_in(2)) co_return co_await ask_quota();
  const auto* const mine = slot_.model.get();
  const std::uint64_t limit = chance_.once_in(2) ? 0 : chance_.between(500, 8000);
  const auto room = co_await measure();
  if (unheard(mine) || slot_.closed) co_return;
  const OpId op = model().begin({.what = "set the quota"});
  const auto set = co_await life_.store().set_quota(slot_.account, limit);
  if (unheard(mine)) co_return;
  if (!set) co_return failed(op, set.error());
  ++shared_.acknowledged;
  model().done(op, {}, {});
  if (!room || !alone(*room, 2)) co_return;
  const auto quota = co_await session().quota();
  if (unheard(mine) || !quota || !room || !alone(*room, 2)) co_return;
  if (quota->limit != limit || quota->used != room->quota.used) {
    model().object(fmt::format("{}: the quota is {} of {}, not {} of {}", slot_.address,
                               quota->used, quota->limit, room->quota.used, limit));
  }
}

Task<> StoreUser::ask_quota() {
  using Verdict = store::QuotaVerdict;
  const auto* const mine = slot_.model.get();
  const auto room = co_await measure();
  if (unheard(mine) || slot_.closed) co_return;
  // RCPT often knows no size: then the message that crosses the limit is still taken.
  const std::uint64_t octets = chance_.once_in(2) ? 0 : chance_.below(9000);
  const auto verdict = co_await life_.store().check_quota(slot_.account, octets);
  if (unheard(mine) || !verdict || !room || !alone(*room, 0)) co_return;
  shared_.mix(static_cast<std::uint64_t>(*verdict));
  const auto [used, limit] = room->quota;
  const bool full = limit != 0 && (used >= limit || used + octets > limit + limit / 10);
  const bool fits_never = limit != 0 && octets > limit;
  const bool right = fits_never ? *verdict == Verdict::never_fits
                     : full     ? *verdict == Verdict::full || *verdict == Verdict::full_long
                                : *verdict == Verdict::ok;
  if (!right) {
    model().object(fmt::format("{}: verdict {} on {} octets at {} of {}", slot_.address,
                               static_cast<int>(*verdict), octets, used, limit));
  }
}

}  // namespace postern::sim
