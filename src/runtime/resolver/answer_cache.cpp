#include "resolver/answer_cache.hpp"

#include <algorithm>
#include <utility>

namespace postern::resolver {
namespace {

constexpr Duration kShortest = std::chrono::seconds{1};
/// Of a record beside its texts, and of an entry beside its records: about.
constexpr std::size_t kRecordBytes = 128;
constexpr std::size_t kEntryBytes = 512;

std::size_t bytes_of(const dns::Answer& answer) {
  std::size_t out = kEntryBytes + answer.why.size();
  for (const auto& record : answer.records) {
    out += kRecordBytes;
    if (const auto* const txt = std::get_if<dns::Txt>(&record)) out += txt->text.size();
  }
  return out;
}

}  // namespace

std::optional<dns::Answer> AnswerCache::find(const dns::Question& question, Instant now) {
  const std::scoped_lock lock{mutex_};
  const auto look = [&](Half& half) -> Entry* {
    const auto found = half.entries.find(question);
    return found == half.entries.end() || found->second.until <= now ? nullptr : &found->second;
  };
  auto* entry = look(young_);
  if (entry == nullptr) {
    entry = look(old_);
    if (entry == nullptr) return std::nullopt;
    auto moved = std::move(*entry);
    entry = &keep(question, std::move(moved));
  }
  dns::Answer out = entry->answer;
  out.ttl = entry->valid_until - now;
  return out;
}

void AnswerCache::put(const dns::Question& question, const dns::Answer& answer, Instant now) {
  if (answer.temporary() || answer.ttl < kShortest) return;
  const std::scoped_lock lock{mutex_};
  keep(question, {.answer = answer,
                  .until = now + std::min(answer.ttl, kLongest),
                  .valid_until = now + answer.ttl});
}

AnswerCache::Entry& AnswerCache::keep(const dns::Question& question, Entry entry) {
  const auto bytes = bytes_of(entry.answer);
  if (young_.entries.size() >= kMostAnswers / 2 || young_.bytes + bytes > kMostBytes / 2)
    old_ = std::exchange(young_, Half{});
  young_.bytes += bytes;
  return young_.entries.insert_or_assign(question, std::move(entry)).first->second;
}

}  // namespace postern::resolver
