#include "reports/collector.hpp"

#include <algorithm>
#include <vector>

#include "dmarc/registered_domain.hpp"

namespace postern::reports {
namespace {

using feedback::TlsFailure;
using feedback::TlsPolicy;

constexpr std::size_t kChunkRows = 1000;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10U;

// About how many octets of memory or of a record something takes: what is bounded by them need not
// know better.
constexpr std::size_t kPerThing = 16;

std::size_t size_of(const feedback::AggregateRecord& row) {
  std::size_t out = 4 * kPerThing + row.header_from.size();
  if (row.envelope_from) out += row.envelope_from->size();
  if (row.envelope_to) out += row.envelope_to->size();
  for (const auto& reason : row.reasons) out += kPerThing + reason.comment.size();
  for (const auto& spf : row.spf_results)
    out += kPerThing + spf.domain.size() + spf.human_result.size();
  for (const auto& dkim : row.dkim_results)
    out += kPerThing + dkim.domain.size() + dkim.selector.size() + dkim.human_result.size();
  return out;
}

std::size_t size_of(const TlsFailure& failure) {
  return 4 * kPerThing + failure.other_result.size() + failure.receiving_mx_hostname.size() +
         failure.receiving_mx_helo.size() + failure.additional_information.size() +
         failure.failure_reason_code.size();
}

std::size_t size_of(const feedback::TlsPolicyReport& report) {
  std::size_t out = 2 * kPerThing + report.policy.domain.size();
  for (const auto& failure : report.failures) out += size_of(failure);
  return out;
}

/// What is stored of a domain besides its rows.
std::size_t size_of(const Subject& subject) {
  return 4 * kPerThing + 2 * subject.domain.size();
}

/// The day may have been begun anew meanwhile.
void less(std::size_t& sum, std::size_t by) {
  sum -= std::min(sum, by);
}

/// `chunk` in pieces that are no larger than what one value should be; the first has the rest.
std::vector<Chunk> split(Chunk chunk) {
  std::vector<Chunk> out(1);
  auto rows = std::exchange(chunk.rows, {});
  auto policies = std::exchange(chunk.tls, {});
  out.front() = chunk;
  std::size_t bytes = 0;
  const auto take = [&out, &chunk, &bytes](auto& from, auto Chunk::* to) {
    for (auto& one : from) {
      const auto size = size_of(one);
      const auto in_last = out.back().rows.size() + out.back().tls.size();
      if (in_last >= kChunkRows || (in_last > 0 && bytes + size > kChunkBytes)) {
        out.push_back({.policy = chunk.policy});
        bytes = 0;
      }
      bytes += size;
      (out.back().*to).push_back(std::move(one));
    }
  };
  take(rows, &Chunk::rows);
  take(policies, &Chunk::tls);
  return out;
}

std::pair<Topic, std::uint64_t> name_of(const Subject& subject) {
  return {subject.topic, hash_of(subject.domain)};
}

}  // namespace

Chunk Collector::Tally::chunk() const {
  auto report = messages.report({}, {});
  return {.policy = policy,
          .policy_changed = policy_changed,
          .rows = std::move(report.records),
          .tls = sessions.report({}).policies,
          .left_out = left_out + messages.left_out() + sessions.left_out()};
}

Collector::Collector(kv::Engine& engine, const Clock& clock, Random& random, Limits limits,
                     dmarc::PublicSuffix suffix)
    : engine_{engine},
      clock_{clock},
      limits_{limits},
      suffix_{std::move(suffix)},
      run_{random.u64()} {}

bool Collector::is_full(const Used& used, const Subject& subject,
                        const std::string& organisation) const {
  const auto rows = used.rows.find(name_of(subject));
  const auto share = used.organisations.find({subject.topic, organisation});
  return rows_ >= limits_.pending_rows || bytes_ >= limits_.pending_bytes ||
         used.bytes >= limits_.day_bytes ||
         (rows != used.rows.end() && rows->second >= limits_.stored_rows) ||
         (share != used.organisations.end() && share->second.bytes >= limits_.organisation_bytes);
}

/// Whether the domain is among those of the day that are counted, if need be from now on. Somebody
/// whose DNS answers for all names below theirs is kept from taking all of them.
bool Collector::take_slot(Used& used, const Subject& subject, const std::string& organisation) {
  const auto name = name_of(subject);
  if (used.rows.contains(name)) return true;
  auto& domains = used.domains[subject.topic];
  if (domains >= limits_.domains) return false;
  auto& share = used.organisations[{subject.topic, organisation}];
  if (share.domains >= limits_.organisation_domains) return false;
  ++domains;
  ++share.domains;
  used.rows.emplace(name, 0);
  return true;
}

Collector::Tally* Collector::tally_for(const Subject& subject) {
  const auto found = tallies_.find(subject);
  const bool known = found != tallies_.end();
  auto organisation =
      known ? found->second.organisation : dmarc::registered_domain(subject.domain, suffix_);
  auto& used = used_[subject.day];
  if (is_full(used, subject, organisation)) {
    // That some are missing is told where something is told.
    if (known) ++found->second.left_out;
    return nullptr;
  }
  if (known) return &found->second;
  if (!take_slot(used, subject, organisation)) return nullptr;
  auto& made = tallies_
                   .emplace(subject, Tally{.organisation = std::move(organisation),
                                           .messages = feedback::AggregateTally{limits_.rows},
                                           .sessions = feedback::TlsTally{limits_.rows}})
                   .first->second;
  grow(subject, made, 0, size_of(subject));
  return &made;
}

void Collector::grow(const Subject& subject, Tally& tally, std::size_t rows, std::size_t bytes) {
  auto& used = used_[subject.day];
  used.rows[name_of(subject)] += rows;
  used.organisations[{subject.topic, tally.organisation}].bytes += bytes;
  used.bytes += bytes;
  tally.bytes += bytes;
  rows_ += rows;
  bytes_ += bytes;
}

/// `add` adds a row of `bytes` octets, unless there is one like it.
template <class Add>
void Collector::add_row(const Subject& subject, Tally& tally, std::size_t bytes, const Add& add) {
  const auto before = tally.rows();
  add(tally);
  const auto more = tally.rows() - before;
  if (more > 0) grow(subject, tally, more, bytes);
}

template <class Add>
void Collector::count(const Subject& subject, std::size_t bytes, const Add& add) {
  Tally* const tally = tally_for(subject);
  if (tally == nullptr) {
    ++stats_.left_out;
    return;
  }
  add_row(subject, *tally, bytes, add);
}

void Collector::note(SeenMessage message) {
  const Subject subject{
      .day = day_of(clock_.now()), .topic = Topic::dmarc, .domain = message.policy.domain};
  message.row.count = 1;
  const std::scoped_lock lock{mutex_};
  ++stats_.messages;
  count(subject, size_of(message.row), [&message](Tally& tally) {
    tally.policy_changed =
        tally.policy_changed || (tally.policy && *tally.policy != message.policy);
    tally.policy = std::move(message.policy);
    tally.messages.add(std::move(message.row));
  });
}

void Collector::note_tls(SeenSession session) {
  const Subject subject{
      .day = day_of(clock_.now()), .topic = Topic::tls, .domain = std::move(session.domain)};
  const TlsPolicy policy{
      .type = session.type, .policy_string = {}, .domain = subject.domain, .mx_host = {}};
  std::optional<TlsFailure> failure;
  if (session.failure) {
    failure = TlsFailure{.result = *session.failure,
                         .other_result = {},
                         .sending_mta_ip = session.our_ip,
                         .receiving_mx_hostname = std::move(session.mx),
                         .receiving_mx_helo = {},
                         .receiving_ip = session.mx_ip,
                         .failed_sessions = 1,
                         .additional_information = {},
                         .failure_reason_code = std::move(session.reason)};
  }
  const auto bytes =
      failure ? size_of(*failure) : size_of(feedback::TlsPolicyReport{.policy = policy});
  const std::scoped_lock lock{mutex_};
  ++stats_.sessions;
  count(subject, bytes, [&](Tally& tally) {
    if (failure) {
      tally.sessions.add_failure(policy, *std::move(failure));
    } else {
      tally.sessions.add_success(policy);
    }
  });
}

/// Under the lock.
kv::Batch Collector::encode(const Tallies& tallies) {
  kv::Batch batch;
  for (const auto& [subject, tally] : tallies) {
    for (const auto& chunk : split(tally.chunk())) {
      batch.put(seen_key({.subject = subject, .run = run_, .n = next_++}), encode_chunk(chunk));
    }
  }
  return batch;
}

/// What was not stored takes nothing of its day.
void Collector::forget(const Tallies& tallies) {
  for (const auto& [subject, tally] : tallies) {
    const auto found = used_.find(subject.day);
    if (found == used_.end()) continue;
    auto& used = found->second;
    less(used.rows[name_of(subject)], tally.rows());
    less(used.organisations[{subject.topic, tally.organisation}].bytes, tally.bytes);
    less(used.bytes, tally.bytes);
  }
}

/// Adds what the store did not take to what came meanwhile, as far as there is room.
void Collector::put_back(Tallies unsaved) {
  forget(unsaved);
  for (const auto& [subject, tally] : unsaved) {
    auto chunk = tally.chunk();
    auto* const now = tally_for(subject);
    if (now == nullptr) {
      ++stats_.not_kept;
      continue;
    }
    if (!now->policy) now->policy = chunk.policy;
    now->policy_changed = now->policy_changed || chunk.policy_changed;
    now->left_out += chunk.left_out;
    for (auto& row : chunk.rows) {
      const auto bytes = size_of(row);
      add_row(subject, *now, bytes, [&row](Tally& to) { to.messages.add(std::move(row)); });
    }
    for (auto& policy : chunk.tls) {
      add_row(subject, *now, size_of(policy), [&policy](Tally& to) {
        to.sessions.add_success(policy.policy, policy.successful_sessions);
        to.sessions.add_failed_sessions(policy.policy, policy.failed_sessions);
        for (auto& failure : policy.failures)
          to.sessions.add_detail(policy.policy, std::move(failure));
      });
    }
  }
}

Task<Result<void>> Collector::flush() {
  Tallies taken;
  kv::Batch batch;
  {
    const std::scoped_lock lock{mutex_};
    taken.swap(tallies_);
    rows_ = 0;
    bytes_ = 0;
    batch = encode(taken);
  }
  if (batch.empty()) co_return Result<void>{};
  const auto appended = co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail);
  const std::scoped_lock lock{mutex_};
  if (!appended) put_back(std::move(taken));
  // Days before yesterday get no more rows, but for those that still wait.
  const auto today = day_of(clock_.now());
  std::erase_if(used_, [this, today](const auto& day) {
    const auto waits = tallies_.lower_bound({.day = day.first});
    return day.first + 1 < today && (waits == tallies_.end() || waits->first.day != day.first);
  });
  if (!appended) co_return std::unexpected(appended.error());
  co_return Result<void>{};
}

Collector::Stats Collector::stats() const {
  const std::scoped_lock lock{mutex_};
  return stats_;
}

}  // namespace postern::reports
