#include "reports/collector.hpp"

#include <algorithm>
#include <vector>

namespace postern::reports {
namespace {

using feedback::TlsFailure;
using feedback::TlsPolicy;

constexpr std::size_t kChunkRows = 1000;

/// `chunk` in pieces that are no larger than what one value should be; the first has the rest.
std::vector<Chunk> split(Chunk chunk) {
  std::vector<Chunk> out(1);
  auto rows = std::exchange(chunk.rows, {});
  auto policies = std::exchange(chunk.tls, {});
  out.front() = chunk;
  const auto take = [&out, &chunk](auto& from, auto Chunk::* to) {
    for (auto& one : from) {
      if (out.back().rows.size() + out.back().tls.size() >= kChunkRows)
        out.push_back({.policy = chunk.policy});
      (out.back().*to).push_back(std::move(one));
    }
  };
  take(rows, &Chunk::rows);
  take(policies, &Chunk::tls);
  return out;
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

Collector::Collector(kv::Engine& engine, const Clock& clock, Random& random, Limits limits)
    : engine_{engine}, clock_{clock}, limits_{limits}, run_{random.u64()} {}

Collector::Tally* Collector::tally_for(const Subject& subject) {
  const auto found = tallies_.find(subject);
  auto& stored = stored_[subject.day];
  const auto name = std::pair{subject.topic, hash_of(subject.domain)};
  const auto before = stored.rows.find(name);
  const auto rows = before == stored.rows.end() ? std::size_t{0} : before->second;
  if (rows >= limits_.stored_rows || rows_ >= limits_.pending_rows ||
      stored.bytes >= limits_.day_bytes) {
    // That some are missing is told where something is told.
    if (found != tallies_.end()) ++found->second.left_out;
    return nullptr;
  }
  if (found != tallies_.end()) return &found->second;
  if (before == stored.rows.end()) {
    auto& domains = stored.domains[subject.topic];
    if (domains >= limits_.domains) return nullptr;
    ++domains;
    stored.rows.emplace(name, 0);
  }
  const auto made =
      tallies_.emplace(subject, Tally{.messages = feedback::AggregateTally{limits_.rows},
                                      .sessions = feedback::TlsTally{limits_.rows}});
  return &made.first->second;
}

template <class Add>
void Collector::count(const Subject& subject, const Add& add) {
  Tally* const tally = tally_for(subject);
  if (tally == nullptr) {
    ++stats_.left_out;
    return;
  }
  const auto before = tally->rows();
  add(*tally);
  rows_ += tally->rows() - before;
}

void Collector::note(SeenMessage message) {
  const Subject subject{
      .day = day_of(clock_.now()), .topic = Topic::dmarc, .domain = message.policy.domain};
  message.row.count = 1;
  const std::scoped_lock lock{mutex_};
  ++stats_.messages;
  count(subject, [&message](Tally& tally) {
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
  const std::scoped_lock lock{mutex_};
  ++stats_.sessions;
  count(subject, [&](Tally& tally) {
    if (!session.failure) return tally.sessions.add_success(policy);
    tally.sessions.add_failure(policy,
                               TlsFailure{.result = *session.failure,
                                          .other_result = {},
                                          .sending_mta_ip = session.our_ip,
                                          .receiving_mx_hostname = std::move(session.mx),
                                          .receiving_mx_helo = {},
                                          .receiving_ip = session.mx_ip,
                                          .failed_sessions = 1,
                                          .additional_information = {},
                                          .failure_reason_code = std::move(session.reason)});
  });
}

/// Under the lock.
kv::Batch Collector::encode(const Tallies& tallies) {
  kv::Batch batch;
  for (const auto& [subject, tally] : tallies) {
    auto& stored = stored_[subject.day];
    stored.rows[{subject.topic, hash_of(subject.domain)}] += tally.rows();
    for (const auto& chunk : split(tally.chunk())) {
      auto key = seen_key({.subject = subject, .run = run_, .n = next_++});
      auto value = encode_chunk(chunk);
      stored.bytes += key.size() + value.size();
      batch.put(std::move(key), std::move(value));
    }
  }
  return batch;
}

/// Adds what the store did not take to what came meanwhile, as far as there is room.
void Collector::put_back(Tallies unsaved) {
  for (const auto& [subject, tally] : unsaved) {
    auto chunk = tally.chunk();
    auto* const now = tally_for(subject);
    if (now == nullptr) {
      ++stats_.not_kept;
      continue;
    }
    const auto before = now->rows();
    if (!now->policy) now->policy = chunk.policy;
    now->policy_changed = now->policy_changed || chunk.policy_changed;
    now->left_out += chunk.left_out;
    for (auto& row : chunk.rows) now->messages.add(std::move(row));
    for (auto& policy : chunk.tls) {
      now->sessions.add_success(policy.policy, policy.successful_sessions);
      now->sessions.add_failed_sessions(policy.policy, policy.failed_sessions);
      for (auto& failure : policy.failures)
        now->sessions.add_detail(policy.policy, std::move(failure));
    }
    rows_ += now->rows() - before;
  }
}

Task<Result<void>> Collector::flush() {
  Tallies taken;
  kv::Batch batch;
  {
    const std::scoped_lock lock{mutex_};
    taken.swap(tallies_);
    rows_ = 0;
    batch = encode(taken);
    // Days before yesterday get no more rows.
    const auto today = day_of(clock_.now());
    std::erase_if(stored_, [today](const auto& day) { return day.first + 1 < today; });
  }
  if (batch.empty()) co_return Result<void>{};
  const auto appended = co_await engine_.append(std::move(batch), kv::Engine::Purpose::adds_mail);
  if (appended) co_return Result<void>{};
  const std::scoped_lock lock{mutex_};
  put_back(std::move(taken));
  co_return std::unexpected(appended.error());
}

Collector::Stats Collector::stats() const {
  const std::scoped_lock lock{mutex_};
  return stats_;
}

}  // namespace postern::reports
