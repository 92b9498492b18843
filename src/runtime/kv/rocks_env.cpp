#include <atomic>
#include <string>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "kv/fault_fs.hpp"
#include "kv/rocks_database.hpp"

// FaultFs as RocksDB sees it: every file, rename, removal and sync asks and reports to it.
namespace postern::kv {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using Op = FaultFs::Op;

IOStatus injected(FaultFs::Fault fault) {
  switch (fault) {
    case FaultFs::Fault::none:   return IOStatus::OK();
    case FaultFs::Fault::enospc: return IOStatus::NoSpace("No space left on device (injected)");
    case FaultFs::Fault::eio:    return IOStatus::IOError("Input/output error (injected)");
  }
  std::unreachable();
}

IOStatus noted(bool done) {
  return done ? IOStatus::OK() : IOStatus::IOError("the journal of syncs cannot be written");
}

class File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path, std::uint64_t size,
       std::shared_ptr<FaultFs> faults)
      : FSWritableFileOwnerWrapper{std::move(file)},
        path_{std::move(path)},
        size_{size},
        faults_{std::move(faults)} {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    const FaultFs::Fault fault = faults_->next(Op::write);
    // A full disk takes what still fits.
    const rocksdb::Slice part{data.data(),
                              fault == FaultFs::Fault::enospc ? data.size() / 2 : data.size()};
    if (fault != FaultFs::Fault::eio) {
      const IOStatus status = target()->Append(part, options, debug);
      if (!status.ok()) return status;
      size_ += part.size();
    }
    return injected(fault);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = target()->Truncate(size, options, debug);
    if (status.ok()) size_ = size;
    return status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return target()->Fsync(options, debug); });
  }

 private:
  template <class F>
  IOStatus sync(F&& base) {
    if (const auto fault = faults_->next(Op::sync); fault != FaultFs::Fault::none)
      return injected(fault);
    if (!faults_->syncs() && path_.ends_with(".log")) return IOStatus::OK();
    const std::uint64_t upto = size_;  // appends may go on meanwhile
    const IOStatus status = base();
    return status.ok() ? noted(faults_->journal().synced(path_, upto)) : status;
  }

  std::string path_;
  std::atomic<std::uint64_t> size_;
  std::shared_ptr<FaultFs> faults_;
};

class Folder final : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(std::unique_ptr<rocksdb::FSDirectory> folder, std::shared_ptr<FaultFs> faults)
      : FSDirectoryWrapper{folder.get()}, folder_{std::move(folder)}, faults_{std::move(faults)} {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return folder_->Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& how) override {
    return sync([&] { return folder_->FsyncWithDirOptions(options, debug, how); });
  }

 private:
  template <class F>
  IOStatus sync(F&& base) {
    if (const auto fault = faults_->next(Op::sync); fault != FaultFs::Fault::none)
      return injected(fault);
    const IOStatus status = base();
    return status.ok() ? noted(faults_->journal().folder_synced()) : status;
  }

  std::unique_ptr<rocksdb::FSDirectory> folder_;
  std::shared_ptr<FaultFs> faults_;
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem(std::shared_ptr<rocksdb::FileSystem> base, std::shared_ptr<FaultFs> faults)
      : FileSystemWrapper{std::move(base)}, faults_{std::move(faults)} {}
  const char* Name() const override { return "PosternFaultFs"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override {
    if (const auto fault = faults_->next(Op::write); fault != FaultFs::Fault::none)
      return injected(fault);
    const IOStatus status = target()->NewWritableFile(path, options, result, debug);
    if (!status.ok()) return status;
    *result = std::make_unique<File>(std::move(*result), path, 0, faults_);
    return noted(faults_->journal().created(path));
  }
  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              IODebugContext* debug) override {
    const IOStatus status = target()->ReopenWritableFile(path, options, result, debug);
    if (!status.ok()) return status;
    const std::uint64_t size = (*result)->GetFileSize(IOOptions(), nullptr);
    *result = std::make_unique<File>(std::move(*result), path, size, faults_);
    return status;
  }
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("log files are not recycled here");
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* debug) override {
    const IOStatus status = target()->NewDirectory(path, options, result, debug);
    if (status.ok()) *result = std::make_unique<Folder>(std::move(*result), faults_);
    return status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    if (!faults_->journal().renaming(from, to)) return noted(false);
    return target()->RenameFile(from, to, options, debug);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    const IOStatus status = target()->DeleteFile(path, options, debug);
    return status.ok() ? noted(faults_->journal().removed(path)) : status;
  }

 private:
  std::shared_ptr<FaultFs> faults_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<FaultFs>& faults) {
  if (!faults) return rocksdb::NewCompositeEnv(rocksdb::FileSystem::Default());
  return rocksdb::NewCompositeEnv(
      std::make_shared<FaultyFileSystem>(rocksdb::FileSystem::Default(), faults));
}

}  // namespace postern::kv
