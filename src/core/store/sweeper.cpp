#include "store/sweeper.hpp"

#include <utility>

#include "layout/keys.hpp"
#include "layout/records.hpp"
#include "store/chunk.hpp"
#include "store/store_draft.hpp"
#include "vocab/try.hpp"

namespace postern::store {
namespace {

constexpr std::size_t kSlice = 1000;
constexpr auto kHousekeeping = kv::Engine::Purpose::housekeeping;

std::string shard_key(std::uint16_t shard, layout::BlobKind kind) {
  return record::KeyWriter{std::to_underlying(layout::Space::blob), shard, std::to_underlying(kind)}
      .done();
}

/// Chunk by chunk where their number is known and small: many erased ranges make reads slow.
constexpr std::uint64_t kFewChunks = 1000;

void erase_body(const BlobId& blob, std::uint64_t chunks, kv::Batch& batch) {
  if (chunks == 0 || chunks > kFewChunks) {
    const auto prefix = layout::chunks_prefix(blob);
    return batch.erase_range(prefix, record::prefix_end(prefix));
  }
  for (std::uint32_t n = 0; n < chunks; ++n) batch.erase(layout::chunk_key(blob, n));
}

}  // namespace

void plan_erasure(const BlobId& blob, std::uint64_t body_size, Timestamp when, kv::Batch& batch) {
  const auto chunks = (body_size + kChunkOctets - 1) / kChunkOctets;
  batch.put(layout::erase_key(layout::shard_of(blob), when, blob), layout::encode_count(chunks));
}

Task<Result<bool>> Sweeper::has_link(const BlobId& blob) {
  const auto prefix = layout::links_prefix(blob);
  const auto reader = engine_.published();
  kv::Range range{.begin = prefix, .end = record::prefix_end(prefix), .limit = 1};
  POSTERN_CO_TRY(const auto page, co_await reader->scan(std::move(range)));
  co_return !page.pairs.empty();
}

Task<Result<std::uint64_t>> Sweeper::erase_blobs_of(std::uint16_t shard) {
  const auto prefix = shard_key(shard, layout::BlobKind::erase);
  kv::Range range{.begin = prefix,
                  .end = layout::erase_key(shard, now_ + Duration{1}, BlobId{}),
                  .limit = kSlice};
  std::uint64_t erased = 0;
  for (bool more = true; more;) {
    if (stop_) co_return fail(Errc::shutting_down);
    const auto reader = engine_.published();
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    if (page.pairs.empty()) co_return erased;
    kv::Batch batch;
    for (const auto& [key, value] : page.pairs) {
      record::KeyReader in{key};
      in.skip(prefix);
      (void)in.i64();
      const auto blob = in.blob();
      POSTERN_CO_CHECK(in.finish());
      POSTERN_CO_TRY(const bool linked, co_await has_link(blob));
      batch.erase(key);
      if (linked) continue;
      const auto chunks = value.empty() ? 0 : layout::decode_count(value).value_or(0);
      erase_body(blob, chunks, batch);
      ++erased;
    }
    POSTERN_CO_TRY(const auto ticket, co_await engine_.append(std::move(batch), kHousekeeping));
    POSTERN_CO_CHECK(co_await engine_.durable(ticket));
    more = page.more;
  }
  co_return erased;
}

Task<Result<std::uint64_t>> Sweeper::erase_blobs() {
  std::uint64_t erased = 0;
  for (std::uint16_t shard = 0; shard < layout::kBlobShards; ++shard) {
    POSTERN_CO_TRY(const auto some, co_await erase_blobs_of(shard));
    erased += some;
  }
  co_return erased;
}

Task<Result<void>> Sweeper::drop_pending_of(std::uint16_t shard, const LiveDrafts& live,
                                            const std::set<BlobId>& before,
                                            std::set<BlobId>& suspects) {
  const auto prefix = shard_key(shard, layout::BlobKind::pending);
  kv::Range range{.begin = prefix, .end = record::prefix_end(prefix), .limit = kSlice};
  for (bool more = true; more;) {
    if (stop_) co_return fail(Errc::shutting_down);
    // Before reading: what a reopening brings back is not ours to judge.
    const auto generation = engine_.generation();
    const auto reader = engine_.published();
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    kv::Batch batch;
    batch.require_generation(generation);
    for (const auto& [key, value] : page.pairs) {
      record::KeyReader in{key};
      in.skip(prefix);
      const auto blob = in.blob();
      POSTERN_CO_CHECK(in.finish());
      const bool ours = value == encode_pending(run_);
      if (ours && live.contains(blob)) continue;
      if (ours && !before.contains(blob)) {
        suspects.insert(blob);
        continue;
      }
      batch.erase(key);
      erase_body(blob, 0, batch);
    }
    if (!batch.empty()) {
      POSTERN_CO_TRY(const auto ticket, co_await engine_.append(std::move(batch), kHousekeeping));
      POSTERN_CO_CHECK(co_await engine_.durable(ticket));
    }
    more = kv::next_page(range, page);
  }
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::drop_pending(const LiveDrafts& live, std::set<BlobId>& suspects) {
  const auto before = std::exchange(suspects, {});
  for (std::uint16_t shard = 0; shard < layout::kBlobShards; ++shard)
    POSTERN_CO_CHECK(co_await drop_pending_of(shard, live, before, suspects));
  co_return Result<void>{};
}

Task<Result<std::vector<AccountId>>> Sweeper::accounts() {
  const auto prefix = layout::system_key(layout::SystemKind::account).done();
  kv::Range range{.begin = prefix, .end = record::prefix_end(prefix)};
  std::vector<AccountId> out;
  for (;;) {
    const auto reader = engine_.published();
    POSTERN_CO_TRY(const auto page, co_await reader->scan(range));
    for (const auto& [key, value] : page.pairs) {
      record::KeyReader in{key};
      in.skip(prefix);
      out.push_back(in.account());
      POSTERN_CO_CHECK(in.finish());
    }
    if (!kv::next_page(range, page)) break;
  }
  co_return out;
}

}  // namespace postern::store
