#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "vocab/ids.hpp"

namespace postern::store {

/// The bodies that are in the hands of this process: being fed, or staged and not yet let go of.
/// What streams in and is never committed is swept once it is not here. Thread-safe.
class LiveDrafts {
 public:
  /// Keeps one blob alive; made before its first chunk is stored.
  class Token {
   public:
    Token(std::shared_ptr<LiveDrafts> drafts, const BlobId& blob)
        : drafts_{std::move(drafts)}, blob_{blob} {
      const std::scoped_lock lock{drafts_->mutex_};
      drafts_->blobs_.insert(blob_);
    }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token() {
      const std::scoped_lock lock{drafts_->mutex_};
      drafts_->blobs_.erase(blob_);
    }

   private:
    std::shared_ptr<LiveDrafts> drafts_;
    BlobId blob_;
  };

  [[nodiscard]] bool contains(const BlobId& blob) const {
    const std::scoped_lock lock{mutex_};
    return blobs_.contains(blob);
  }

 private:
  mutable std::mutex mutex_;
  std::set<BlobId> blobs_;
};

}  // namespace postern::store
