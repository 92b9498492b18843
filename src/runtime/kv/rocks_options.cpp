#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "kv/rocks_database.hpp"

namespace postern::kv {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

/// Rows are small records; bodies lie beside them in blob files.
void tune_tables(rocksdb::Options& o, const RocksOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  o.compression = rocksdb::kLZ4Compression;
  // Queues and expunges leave runs of tombstones that scans would wade through.
  o.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(1024, 512));
}

void tune_blobs(rocksdb::Options& o, const RocksOptions& options) {
  o.enable_blob_files = true;
  o.min_blob_size = options.blob_at;
  o.blob_file_size = 64 * kMiB;
  o.blob_compression_type = rocksdb::kNoCompression;  // bodies come compressed, on their core
  o.enable_blob_garbage_collection = true;
  o.blob_garbage_collection_age_cutoff = 0.25;
  o.blob_garbage_collection_force_threshold = 0.5;
}

void tune_writes(rocksdb::Options& o, const RocksOptions& options) {
  o.db_write_buffer_size = options.write_buffers;
  o.write_buffer_size = options.write_buffers;
  // Rows of all accounts spread over the whole first level, so merging into it rewrites it: merge
  // rarely and keep it small (per byte of 200k messages of 4 KiB: 2.6 bytes written, 3.4 without).
  o.level0_file_num_compaction_trigger = 8;
  o.max_bytes_for_level_base = 64 * kMiB;
  // A core never waits inside RocksDB: what would be slowed down waits outside (append).
  o.level0_slowdown_writes_trigger = 32;
  o.level0_stop_writes_trigger = 48;
  o.max_write_batch_group_size_bytes = 16 * kMiB;  // 1 MiB puts two 64 KiB messages in a group
  o.bytes_per_sync = kMiB / 2;  // tables trickle out instead of holding up the log's sync
  o.max_background_jobs = 2;
  o.max_manifest_file_size = 16 * kMiB;
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.max_bgerror_resume_count = 0;  // the engine reopens; RocksDB must not go on by itself
}

}  // namespace

rocksdb::Options tuned(const RocksOptions& options, rocksdb::Env& env) {
  rocksdb::Options o;
  o.env = &env;
  o.create_if_missing = true;
  o.paranoid_checks = true;
  o.max_open_files = options.open_files;
  o.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  o.max_log_file_size = kMiB;
  o.keep_log_file_num = 2;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.allow_mmap_reads = false;
  o.allow_mmap_writes = false;
  o.skip_stats_update_on_db_open = true;  // starting reads nothing it need not
  tune_tables(o, options);
  tune_blobs(o, options);
  tune_writes(o, options);
  return o;
}

}  // namespace postern::kv
