#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <vector>

#include "async/task.hpp"
#include "kv/engine.hpp"
#include "store/live_drafts.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::store {

/// Adds to `batch` what makes the sweeper look at `blob` from `when` on, and know how many chunks
/// its `body_size` octets take.
void plan_erasure(const BlobId& blob, std::uint64_t body_size, Timestamp when, kv::Batch& batch);

/// Erases bodies that nobody links to. Reads published states only; since a link is added only
/// when a blob is born or by an account that already has one, "no links" is final.
class Sweeper {
 public:
  /// `run`: of this process; its own pending bodies are left alone. Once `stop` is set, what is
  /// under way fails with `shutting_down` before its next slice.
  Sweeper(kv::Engine& engine, Timestamp now, std::uint64_t run, const std::atomic<bool>& stop)
      : engine_{engine}, now_{now}, run_{run}, stop_{stop} {}

  /// Bodies that were begun and never committed: of an earlier process at once, of this one when
  /// nobody holds them at two sweeps (`suspects` remembers the first).
  Task<Result<void>> drop_pending(const LiveDrafts& live, std::set<BlobId>& suspects);
  /// Due blobs; returns how many went.
  Task<Result<std::uint64_t>> erase_blobs();
  /// Every account there is.
  Task<Result<std::vector<AccountId>>> accounts();

 private:
  Task<Result<std::uint64_t>> erase_blobs_of(std::uint16_t shard);
  Task<Result<void>> drop_pending_of(std::uint16_t shard, const LiveDrafts& live,
                                     const std::set<BlobId>& before, std::set<BlobId>& suspects);
  Task<Result<bool>> has_link(const BlobId& blob);

  kv::Engine& engine_;
  Timestamp now_;
  std::uint64_t run_;
  const std::atomic<bool>& stop_;
};

}  // namespace postern::store
