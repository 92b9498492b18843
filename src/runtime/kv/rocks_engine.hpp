#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "async/pool.hpp"
#include "kv/engine.hpp"
#include "log/log.hpp"
#include "vocab/time.hpp"

// The engine on disk: one RocksDB database, written without a sync and synced in groups by a thread
// of its own. Values from `blob_at` bytes on live in blob files and are not moved by compaction.
//
//   DIR/lock      held while a process has the store open; its id is in it
//   DIR/db/       the database
//   DIR/scratch   written and synced to learn whether a failed disk works again
namespace postern::kv {

class FaultFs;

struct RocksOptions {
  std::filesystem::path directory;                     ///< Made if it is not there.
  std::size_t block_cache = std::size_t{16} << 20U;    ///< Bytes.
  std::size_t write_buffers = std::size_t{24} << 20U;  ///< Bytes of rows not yet in tables.
  std::size_t blob_at = 2048;                          ///< Bytes from which a value is a blob.
  int open_files = 256;                                ///< Tables and blob files kept open.
  std::uint64_t reserve = std::uint64_t{256} << 20U;   ///< Bytes free below which no mail comes in.
  std::chrono::milliseconds retry{5000};               ///< Between attempts to reopen.
  std::chrono::milliseconds idle_sync{1000};           ///< Batches nobody waits for: synced within.
  /// Bytes free for the store; empty: statvfs(3). Called on any thread.
  std::function<Result<std::uint64_t>()> free_bytes = {};
  std::shared_ptr<FaultFs> faults = {};  ///< Tests only.
};

/// Opens or makes the store. `pool` does what would block a core; it outlives the engine, and the
/// io_contexts of all callers do too. Destroying the engine syncs what is unsynced, wakes the
/// waiters and closes; readers that are left fail with `unavailable`.
/// Failures, each naming path and remedy: `conflict` (another process has it open), `corrupt`,
/// `io_failed`, `unsupported`.
Result<std::unique_ptr<Engine>> open_rocks(RocksOptions options, Pool& pool, log::Logger log);

/// The state of a store that no process has open, writing nothing. `not_found` if there is none;
/// else as above.
Result<std::shared_ptr<const Reader>> open_rocks_read_only(RocksOptions options, Pool& pool);

}  // namespace postern::kv
