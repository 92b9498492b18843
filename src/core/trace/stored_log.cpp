#include "trace/stored_log.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "record/key.hpp"
#include "vocab/try.hpp"

namespace postern::trace {
namespace {

/// More events of one id and day than these are not shown.
constexpr std::size_t kMaxEvents = 10'000;
constexpr std::size_t kPage = 200;

/// The oldest day that may stay, so that all from it on together are within `max_bytes`.
Day first_that_fits(const Volumes& volumes, Day today, std::uint64_t max_bytes) {
  Day first = today;
  std::uint64_t sum = 0;
  for (const auto& [day, octets] : volumes) {
    sum += octets;
    if (sum > max_bytes) return first;
    first = std::min(first, day);
  }
  return 0;
}

/// What `event` is found by.
void put_index(kv::Batch& batch, const Event& event, const std::vector<std::string>& addresses) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(addresses.size());
  for (const auto& address : addresses) hashes.push_back(address_hash(address));
  std::ranges::sort(hashes);
  const auto repeated = std::ranges::unique(hashes);
  hashes.erase(repeated.begin(), repeated.end());
  for (const auto hash : hashes) batch.put(address_index_key(event.time, hash, event.id), {});
}

}  // namespace

TraceId StoredLog::new_id() {
  std::uint64_t value = 0;
  while (value == 0) value = core_.random.u64();
  return TraceId{value};
}

/// Counts it if not.
bool StoredLog::has_room(Day day, Worth worth) const {
  const std::scoped_lock lock{mutex_};
  if (max_bytes_ == 0) return true;
  const auto ours = volumes_.find(day);
  const auto used = (ours == volumes_.end() ? 0 : ours->second.octets) +
                    (day == bounded_ ? of_others_ : std::uint64_t{0});
  std::uint64_t most = max_bytes_;
  switch (worth) {
    case Worth::refusal:   most = max_bytes_ / 2; break;
    case Worth::noted:     most = max_bytes_ - max_bytes_ / 4; break;
    case Worth::committed: break;
  }
  if (used < most) return true;
  ++over_limit_;
  return false;
}

void StoredLog::add(kv::Batch& batch, const Event& event,
                    const std::vector<std::string>& addresses) const {
  if (has_room(day_of(event.time), Worth::committed)) put(batch, event, addresses);
}

void StoredLog::put(kv::Batch& batch, const Event& event,
                    const std::vector<std::string>& addresses) const {
  const auto before = batch.bytes();
  batch.put(event_key(event, sequence_++), encode_event(event));
  put_index(batch, event, addresses);
  count(day_of(event.time), batch.bytes() - before);
}

void StoredLog::count(Day day, std::size_t octets) const {
  const std::scoped_lock lock{mutex_};
  volumes_[day].octets += octets;
}

void StoredLog::note(Event event, const std::vector<std::string>& addresses) {
  if (!has_room(day_of(event.time), worth_of(event.kind))) return;
  auto key = event_key(event, sequence_++);
  auto value = encode_event(event);
  std::size_t octets = key.size() + value.size();
  {
    const std::scoped_lock lock{mutex_};
    if (event.kind == Kind::refused) {
      const auto peer = std::ranges::find(event.fields, "peer",
                                          [](const auto& f) -> const auto& { return f.first; });
      const auto name = peer == event.fields.end() ? std::string_view{} : peer->second;
      if (!refusals_.admit(name, core_.clock.now())) return;
    }
    if (noted_.bytes() + octets > kMaxNoted) {
      ++not_kept_;
      return;
    }
    const auto before = noted_.bytes();
    noted_.put(std::move(key), std::move(value));
    put_index(noted_, event, addresses);
    octets = noted_.bytes() - before;
  }
  count(day_of(event.time), octets);
}

void StoredLog::add_counts(kv::Batch& batch, std::uint64_t lost,
                           const std::vector<Refusals::Count>& refusals) const {
  Event event{.id = {}, .time = core_.clock.now(), .kind = Kind::note, .fields = {}};
  if (lost != 0) {
    event.id = TraceId{core_.random.u64() | 1U};
    event.fields = {{"why", "too many events within a second; the rest was dropped"},
                    {"count", std::to_string(lost)}};
    if (has_room(day_of(event.time), Worth::noted)) put(batch, event, {});
  }
  event.kind = Kind::refused;
  for (const auto& [net, count] : refusals) {
    event.id = TraceId{core_.random.u64() | 1U};
    event.fields = {{"peer", net.empty() ? "others" : net},
                    {"why", "further refusals within a minute"},
                    {"count", std::to_string(count)}};
    if (has_room(day_of(event.time), Worth::refusal)) put(batch, event, {});
  }
}

void StoredLog::add_volumes(kv::Batch& batch) {
  const std::scoped_lock lock{mutex_};
  const auto today = day_of(core_.clock.now());
  for (auto& [day, volume] : volumes_) {
    if (std::exchange(volume.stored, volume.octets) != volume.octets)
      batch.put(volume_key(day, run_), encode_volume(volume.octets));
  }
  // Late events of the day before yesterday are too few to count.
  std::erase_if(volumes_, [today](const auto& one) { return one.first + 2 < today; });
}

Task<Result<void>> StoredLog::flush() {
  kv::Batch batch;
  std::uint64_t lost = 0;
  std::vector<Refusals::Count> refusals;
  {
    const std::scoped_lock lock{mutex_};
    batch = std::exchange(noted_, {});
    lost = std::exchange(not_kept_, 0);
    refusals = refusals_.counted(core_.clock.now());
  }
  add_counts(batch, lost, refusals);
  add_volumes(batch);
  if (batch.empty()) co_return Result<void>{};
  POSTERN_CO_CHECK(co_await engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping));
  co_return Result<void>{};
}

/// So that a look-up shows what was noted a moment ago. Readers see only what is on disk, hence
/// the sync. A store that takes nothing now still shows what it had.
Task<> StoredLog::show_noted() {
  const auto flushed = co_await flush();
  if (!flushed) co_return;
  const auto newest = engine_.tip()->ticket();
  if (newest <= engine_.published_ticket()) co_return;
  const auto synced = co_await engine_.durable(newest);
  static_cast<void>(synced);
}

/// Clocks may have stood ahead when an event was written.
Day StoredLog::newest_day() const {
  return day_of(core_.clock.now()) + 1;
}

/// The first day of which something is kept; `newest` if there is none.
Task<Result<Day>> StoredLog::oldest_day(const kv::Reader& reader, Day newest) {
  auto [begin, end] = ranges_before(newest).front();
  POSTERN_CO_TRY(
      const auto page,
      co_await reader.scan({.begin = std::move(begin), .end = std::move(end), .limit = 1}));
  if (page.pairs.empty()) co_return newest;
  POSTERN_CO_TRY(const auto event, decode_event(page.pairs.front().key, page.pairs.front().value));
  co_return day_of(event.time);
}

Task<Result<std::vector<Event>>> StoredLog::events(TraceId id) {
  co_await show_noted();
  const auto reader = engine_.published();
  std::vector<Event> out;
  const Day newest = newest_day();
  POSTERN_CO_TRY(const Day oldest, co_await oldest_day(*reader, newest));
  for (Day day = oldest; day <= newest && out.size() < kMaxEvents; ++day) {
    auto prefix = events_prefix(day, id);
    auto end = record::prefix_end(prefix);
    POSTERN_CO_TRY(const auto page, co_await reader->scan({.begin = std::move(prefix),
                                                           .end = std::move(end),
                                                           .limit = kMaxEvents - out.size()}));
    for (const auto& [key, value] : page.pairs) {
      POSTERN_CO_TRY(auto event, decode_event(key, value));
      out.push_back(std::move(event));
    }
  }
  co_return out;
}

Task<Result<std::vector<TraceId>>> StoredLog::find(std::string address, std::size_t limit) {
  co_await show_noted();
  const auto reader = engine_.published();
  const auto hash = address_hash(address);
  std::vector<TraceId> out;
  std::unordered_set<TraceId> seen;
  const Day newest = newest_day();
  POSTERN_CO_TRY(const Day oldest, co_await oldest_day(*reader, newest));
  for (Day back = 0; back <= newest - oldest && out.size() < limit; ++back) {
    const auto prefix = address_prefix(newest - back, hash);
    kv::Range range{
        .begin = prefix, .end = record::prefix_end(prefix), .limit = kPage, .backwards = true};
    for (bool more = true; more && out.size() < limit;) {
      POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
      for (const auto& pair : page.pairs) {
        POSTERN_CO_TRY(const auto id, decode_address_key(pair.key));
        if (out.size() < limit && seen.insert(id).second) out.push_back(id);
      }
      more = kv::next_page(range, page);
    }
  }
  co_return out;
}

/// As far as it is on disk. What of this process is not in memory any more counts as well.
Task<Result<Volumes>> StoredLog::volumes_of_others() {
  const auto reader = engine_.published();
  std::set<std::string> ours;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& [day, volume] : volumes_) ours.insert(volume_key(day, run_));
  }
  Volumes out;
  kv::Range range{.begin = volumes_prefix(), .end = record::prefix_end(volumes_prefix())};
  for (bool more = true; more;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& [key, value] : page.pairs) {
      POSTERN_CO_TRY(const auto day, decode_volume_key(key));
      POSTERN_CO_TRY(const auto octets, decode_volume(value));
      if (!ours.contains(key)) out[day] += octets;
    }
    more = kv::next_page(range, page);
  }
  co_return out;
}

/// Everybody's.
Volumes StoredLog::bound_today(std::uint64_t max_bytes, Volumes others) {
  const std::scoped_lock lock{mutex_};
  max_bytes_ = max_bytes;
  bounded_ = day_of(core_.clock.now());
  of_others_ = others[bounded_];
  for (const auto& [day, volume] : volumes_) others[day] += volume.octets;
  return others;
}

Task<Result<void>> StoredLog::expire(Duration keep, std::uint64_t max_bytes) {
  const auto reader = engine_.published();
  auto first_day = day_of(core_.clock.now() - keep);
  POSTERN_CO_TRY(auto others, co_await volumes_of_others());
  const auto volumes = bound_today(max_bytes, std::move(others));
  if (max_bytes != 0)
    first_day = std::max(first_day, first_that_fits(volumes, day_of(core_.clock.now()), max_bytes));
  {
    const std::scoped_lock lock{mutex_};
    std::erase_if(volumes_, [first_day](const auto& one) { return one.first < first_day; });
  }
  kv::Batch batch;
  for (auto& [begin, end] : ranges_before(first_day)) {
    POSTERN_CO_TRY(const auto first,
                   co_await reader->scan({.begin = begin, .end = end, .limit = 1}));
    // Erasing nothing would still leave a tombstone behind at every call.
    if (!first.pairs.empty()) batch.erase_range(std::move(begin), std::move(end));
  }
  if (batch.empty()) co_return Result<void>{};
  POSTERN_CO_CHECK(co_await engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping));
  co_return Result<void>{};
}

std::unique_ptr<Log> make_log(kv::Engine& engine, Core& core) {
  return std::make_unique<StoredLog>(engine, core);
}

}  // namespace postern::trace
