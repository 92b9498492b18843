#include "reports/ledger.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "record/key.hpp"
#include "reports/received_codec.hpp"
#include "vocab/try.hpp"

namespace postern::reports {

/// One key of each domain is looked at. Of two domains whose hashes are equal, which takes somebody
/// who sought them, one is passed over.
Task<Result<std::vector<Subject>>> Ledger::open_subjects(Day day) {
  const auto reader = engine_.published();
  std::vector<Subject> out;
  kv::Range range{
      .begin = seen_prefix(day), .end = record::prefix_end(seen_prefix(day)), .limit = 1};
  for (;;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    if (page.pairs.empty()) co_return out;
    const auto& key = page.pairs.front().key;
    auto name = decode_seen_key(key);
    range.begin = name ? record::prefix_end(seen_prefix(name->subject)) : key + '\0';
    if (name) out.push_back(std::move(name->subject));
  }
}

Task<Result<Account>> Ledger::read(Subject subject) {
  const auto reader = engine_.published();
  std::vector<std::string> wanted;
  wanted.push_back(done_key(subject));
  Account out;
  POSTERN_CO_TRY(const auto values, co_await reader->get(std::move(wanted)));
  if (const auto& stored = values.front()) {
    POSTERN_CO_TRY(out.done, decode_done(*stored));
  }
  kv::Range range{.begin = seen_prefix(subject), .end = record::prefix_end(seen_prefix(subject))};
  for (bool more = true; more;) {
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& pair : page.pairs) {
      const auto name = decode_seen_key(pair.key);
      if (!name || name->subject != subject) continue;
      auto chunk = decode_chunk(pair.value);
      if (chunk) out.chunks.push_back(*std::move(chunk));
      out.keys.push_back(pair.key);
    }
    more = kv::next_page(range, page);
  }
  co_return out;
}

Task<Result<void>> Ledger::settle(Subject subject, Done done, std::vector<std::string> keys) {
  kv::Batch batch;
  for (auto& key : keys) batch.erase(std::move(key));
  batch.put(done_key(subject), encode_done(done));
  POSTERN_CO_TRY(const auto ticket,
                 co_await engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping));
  co_return co_await engine_.durable(ticket);
}

Task<> Ledger::erase(std::string begin, std::string end) {
  const auto reader = engine_.published();
  const auto page = co_await reader->scan({.begin = begin, .end = end, .limit = 1});
  if (!page || page->pairs.empty()) co_return;
  kv::Batch batch;
  batch.erase_range(std::move(begin), std::move(end));
  // What a failing store does not take is taken the next day.
  (void)co_await engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping);
}

/// Their keys go by time: the newest are counted first, and from where it is too much on they go.
Task<> Ledger::trim(Topic topic) {
  const auto here = co_await this_executor();
  const auto reader = engine_.published();
  const auto begin = received_prefix(topic);
  kv::Range range{.begin = begin, .end = record::prefix_end(begin), .backwards = true};
  std::size_t kept = 0;
  for (bool more = true; more && !stopping_;) {
    const auto page = co_await reader->scan(range);
    if (!page) co_return;
    for (const auto& pair : page->pairs) {
      kept += pair.key.size() + pair.value.size();
      if (kept > received_bytes_) co_return co_await erase(begin, pair.key + '\0');
    }
    more = kv::next_page(range, *page);
    // There may be much of it, and others have work to do.
    co_await asio::post(here, use_task);
  }
}

Task<> Ledger::sweep() {
  const auto today = day_of(clock_.now());
  if (swept_.exchange(today) == today) co_return;
  if (today > kSeenDays) {
    co_await erase(seen_prefix(), seen_prefix(today - kSeenDays));
    co_await erase(done_prefix(), done_prefix(today - kSeenDays));
  }
  for (const auto topic : {Topic::dmarc, Topic::tls, Topic::failure}) {
    if (today > kReceivedDays)
      co_await erase(received_prefix(topic), received_from(topic, begin_of(today - kReceivedDays)));
    co_await trim(topic);
  }
}

}  // namespace postern::reports
