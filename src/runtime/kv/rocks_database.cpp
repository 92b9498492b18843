#include "kv/rocks_database.hpp"

#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstring>
#include <system_error>

#include <rocksdb/listener.h>
#include <rocksdb/write_batch.h>

#include "vocab/try.hpp"

namespace postern::kv {

Error error_of(const rocksdb::Status& status) {
  return {status.IsCorruption() ? Errc::corrupt : Errc::io_failed, status.ToString()};
}

namespace {

std::unexpected<Error> failed(const rocksdb::Status& status) {
  return std::unexpected(error_of(status));
}

Error open_error(const std::string& path, const rocksdb::Status& status) {
  Error error = error_of(status);
  const bool damaged = status.IsCorruption();
  error.detail = "cannot open the store " + path + ": " + error.detail +
                 (damaged ? "; restore it from a backup" : "; check space, rights and the disk");
  if (status.IsNotSupported() || status.IsInvalidArgument()) error.code = Errc::unsupported;
  return error;
}

rocksdb::ReadOptions read_options(const Database::Snapshot* at, Database::Tier tier) {
  rocksdb::ReadOptions options;
  options.snapshot = at == nullptr ? nullptr : at->raw();
  options.read_tier =
      tier == Database::Tier::memory ? rocksdb::kBlockCacheTier : rocksdb::kReadAllTier;
  return options;
}

/// RocksDB writes the sequence number of a batch's first row into the batch's header: 8 bytes,
/// little-endian (write_batch.cc, "WriteBatch::rep_").
std::uint64_t first_sequence(const rocksdb::WriteBatch& batch) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t sequence = 0;
  if (batch.Data().size() >= sizeof sequence)
    std::memcpy(&sequence, batch.Data().data(), sizeof sequence);
  return sequence;
}

}  // namespace

template <class F>
auto Database::with(F&& work) -> decltype(work(std::declval<rocksdb::DB&>())) {
  if (closing_) return fail(Errc::unavailable, "the store is being reopened");
  const std::shared_lock lock{gate_};
  if (!db_) return fail(Errc::unavailable, "the store was reopened");
  return work(*db_);
}

/// Tells of failed flushes and compactions, and keeps RocksDB from mending itself behind our back.
class Database::Listener final : public rocksdb::EventListener {
 public:
  Listener(Database& database, Broken broken) : database_{database}, broken_{std::move(broken)} {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status*) override {
    database_.broken_ = true;
    if (broken_) broken_();
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  Database& database_;  // closes RocksDB, and with it us, before it goes
  Broken broken_;
};

namespace {

/// A store opened to be looked at is not written to, log included.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, std::va_list) override {}
};

}  // namespace

Result<std::shared_ptr<Database>> Database::open(const RocksOptions& options, Mode mode,
                                                 std::uint64_t generation, Broken broken) {
  auto database = std::make_shared<Database>(make_env(options.faults), generation);
  const std::string path = options.directory / "db";
  rocksdb::Options how = tuned(options, *database->env_);
  how.listeners.push_back(std::make_shared<Listener>(*database, std::move(broken)));
  rocksdb::DB* raw = nullptr;
  rocksdb::Status status;
  if (mode == Mode::read_write) {
    status = rocksdb::DB::Open(how, path, &raw);
  } else {
    how.create_if_missing = false;
    how.info_log = std::make_shared<NoLog>();
    status = rocksdb::DB::OpenForReadOnly(how, path, &raw);
  }
  database->db_.reset(raw);
  // What recovery read from the log may never have been synced; the tables it made of it are.
  if (status.ok() && mode == Mode::read_write) status = raw->SyncWAL();
  if (!status.ok()) return std::unexpected(open_error(path, status));
  return database;
}

Database::~Database() {
  close();
}

void Database::close() {
  closing_ = true;
  const std::unique_lock lock{gate_};
  if (!db_) return;
  {
    const std::scoped_lock snapshots{snapshots_mutex_};
    for (const auto* snapshot : snapshots_) db_->ReleaseSnapshot(snapshot);
    snapshots_.clear();
  }
  (void)db_->Close();  // what matters was synced; a failed store is closed like any other
  db_.reset();
}

Result<std::uint64_t> Database::write(rocksdb::WriteBatch& batch) {
  return with([&](rocksdb::DB& db) -> Result<std::uint64_t> {
    if (batch.Count() == 0) return db.GetLatestSequenceNumber();
    rocksdb::WriteOptions options;
    options.no_slowdown = true;  // a core must not stand still
    const rocksdb::Status status = db.Write(options, &batch);
    if (status.IsIncomplete()) return fail(Errc::limit_reached, status.ToString());
    if (!status.ok()) return failed(status);
    return first_sequence(batch) + batch.Count() - 1;
  });
}

Result<void> Database::sync() {
  return with([](rocksdb::DB& db) -> Result<void> {
    const rocksdb::Status status = db.SyncWAL();
    if (!status.ok()) return failed(status);
    return {};
  });
}

Result<std::shared_ptr<Database::Snapshot>> Database::snapshot() {
  return with([this](rocksdb::DB& db) -> Result<std::shared_ptr<Snapshot>> {
    const rocksdb::Snapshot* raw = db.GetSnapshot();
    if (raw == nullptr) return fail(Errc::io_failed, "no snapshot");
    auto kept = std::make_shared<Snapshot>(shared_from_this(), raw);
    const std::scoped_lock lock{snapshots_mutex_};
    snapshots_.insert(raw);
    return kept;
  });
}

void Database::release(const rocksdb::Snapshot* snapshot) {
  if (closing_) return;  // close gives back every one
  const std::shared_lock lock{gate_};
  if (!db_) return;
  {
    const std::scoped_lock snapshots{snapshots_mutex_};
    if (snapshots_.erase(snapshot) == 0) return;
  }
  db_->ReleaseSnapshot(snapshot);
}

Result<std::uint64_t> Database::newest_sequence() {
  return with(
      [](rocksdb::DB& db) -> Result<std::uint64_t> { return db.GetLatestSequenceNumber(); });
}

namespace {

/// One key at a time: with kBlockCacheTier RocksDB 7.8's MultiGet answers OK with an empty value,
/// or with the reference to a blob for the blob, where a block is not in memory; Get does not.
/// Everything from the first key on that is not in memory is left.
Result<std::vector<std::size_t>> look(rocksdb::DB& db, const rocksdb::ReadOptions& options,
                                      std::span<const std::string> keys,
                                      std::span<const std::size_t> wanted,
                                      std::span<std::optional<std::string>> values) {
  rocksdb::PinnableSlice value;
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    const auto status = db.Get(options, db.DefaultColumnFamily(), keys[wanted[n]], &value);
    if (status.IsIncomplete()) {
      const auto left = wanted.subspan(n);
      return std::vector(left.begin(), left.end());
    }
    if (status.ok()) {
      values[wanted[n]] = value.ToString();
    } else if (!status.IsNotFound()) {
      return failed(status);
    }
    value.Reset();
  }
  return std::vector<std::size_t>{};
}

Result<void> read(rocksdb::DB& db, const rocksdb::ReadOptions& options,
                  std::span<const std::string> keys, std::span<const std::size_t> wanted,
                  std::span<std::optional<std::string>> values) {
  std::vector<rocksdb::Slice> slices;
  slices.reserve(wanted.size());
  for (const std::size_t i : wanted) slices.emplace_back(keys[i]);
  std::vector<rocksdb::PinnableSlice> found(wanted.size());
  std::vector<rocksdb::Status> statuses(wanted.size());
  db.MultiGet(options, db.DefaultColumnFamily(), slices.size(), slices.data(), found.data(),
              statuses.data());
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    if (statuses[n].ok()) {
      values[wanted[n]] = found[n].ToString();
    } else if (!statuses[n].IsNotFound()) {
      return failed(statuses[n]);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::size_t>> Database::get(std::span<const std::string> keys,
                                               std::span<const std::size_t> wanted,
                                               const Snapshot* at, Tier tier,
                                               std::span<std::optional<std::string>> values) {
  return with([&](rocksdb::DB& db) -> Result<std::vector<std::size_t>> {
    const auto options = read_options(at, tier);
    if (tier == Tier::memory) return look(db, options, keys, wanted, values);
    POSTERN_CHECK(read(db, options, keys, wanted, values));
    return std::vector<std::size_t>{};
  });
}

namespace {

/// Walks the iterator into `page` till its limits.
void fill(rocksdb::Iterator& it, const Range& range, Page& page) {
  std::size_t bytes = 0;
  for (const auto& pair : page.pairs) bytes += pair.key.size() + pair.value.size();
  for (; it.Valid(); range.backwards ? it.Prev() : it.Next()) {
    page.more = page.pairs.size() >= range.limit || bytes >= range.max_bytes;
    if (page.more) return;
    page.pairs.push_back({it.key().ToString(), it.value().ToString()});
    bytes += page.pairs.back().key.size() + page.pairs.back().value.size();
  }
}

}  // namespace

Result<bool> Database::scan(const Range& range, const Snapshot* at, Tier tier, Page& page) {
  return with([&](rocksdb::DB& db) -> Result<bool> {
    std::string begin = range.begin;
    std::string end = range.end;
    if (!page.pairs.empty()) {
      const std::string& last = page.pairs.back().key;
      (range.backwards ? end : begin) = range.backwards ? last : last + '\0';
    }
    if (begin >= end) return true;
    const rocksdb::Slice lower{begin};
    const rocksdb::Slice upper{end};
    rocksdb::ReadOptions options = read_options(at, tier);
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> it{db.NewIterator(options)};
    range.backwards ? it->SeekToLast() : it->SeekToFirst();
    fill(*it, range, page);
    if (it->status().IsIncomplete() && tier == Tier::memory) return false;
    if (!it->status().ok()) return failed(it->status());
    return true;
  });
}

}  // namespace postern::kv
