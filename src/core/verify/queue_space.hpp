#pragma once

#include <map>
#include <vector>

#include "verify/context.hpp"
#include "vocab/time.hpp"

namespace postern::verify {

/// Space `queue`: every message once in the index of due times, and readable.
class QueueSpace {
 public:
  explicit QueueSpace(Context& context) : context_{context} {}
  void take(const kv::Pair& pair);
  void finish();

 private:
  struct Waiting {
    Timestamp due;
    bool held = false;
    std::uint64_t indexed = 0;
  };
  void take_message(const kv::Pair& pair);
  void take_due(const kv::Pair& pair);
  void take_blob_count(const kv::Pair& pair);
  void take_order(const kv::Pair& pair);
  void finish_bodies();

  Context& context_;
  std::map<QueueId, Waiting> messages_;
  std::map<BlobId, std::uint64_t> counts_;
  std::vector<BodyRef> bodies_;
};

}  // namespace postern::verify
