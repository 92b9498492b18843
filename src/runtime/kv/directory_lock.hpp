#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "vocab/result.hpp"

namespace postern::kv {

/// Keeps other processes out of a store's directory while it lives: flock(2) on `DIR/lock`, which
/// holds the owner's process id.
class DirectoryLock {
 public:
  enum class Mode : std::uint8_t { owner, looker };
  /// Makes the directory for an owner. `conflict`: another process owns the store; the detail names
  /// it and what to do. `io_failed`, `not_found` (looker only).
  static Result<DirectoryLock> take(const std::filesystem::path& directory, Mode mode);
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)} {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_{descriptor} {}
  int descriptor_;
};

}  // namespace postern::kv
