#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "verify/context.hpp"

namespace postern::verify {

/// Space `blob`, one shard after the other: every body whole, linked from exactly those who need
/// it, and left over only where the sweeper will find it.
class BlobSpace {
 public:
  /// `context.refs` is complete.
  explicit BlobSpace(Context& context);
  void take(const kv::Pair& pair);
  void finish();

 private:
  struct Body {
    std::uint64_t octets = 0;
    std::uint32_t chunks = 0;
    bool ended = false;  ///< A chunk was not full: none may follow.
    bool pending = false;
    bool to_erase = false;
    std::vector<AccountId> links;
  };
  void take_chunk(const kv::Pair& pair);
  void take_link(const kv::Pair& pair);
  void take_mark(const kv::Pair& pair);
  void finish_shard();
  void check(const BlobId& blob, const Body& body, std::span<const BodyRef> refs);
  void check_size(const BlobId& blob, const Body& body, std::span<const BodyRef> refs);
  [[nodiscard]] bool in_its_shard(const kv::Pair& pair, const BlobId& blob,
                                  const Result<void>& key);
  void add(const BlobId& blob, std::string what);

  Context& context_;
  std::size_t next_ref_ = 0;
  std::uint16_t shard_ = 0;
  std::map<BlobId, Body> bodies_;  ///< Of the shard.
};

}  // namespace postern::verify
