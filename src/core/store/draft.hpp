#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "store/message.hpp"
#include "vocab/result.hpp"

namespace postern::store {

/// A message coming in: counted, parsed for structure and cut into checked, compressed chunks in
/// one pass. Bodies beyond 1 MiB go into the store as they come, and shorter ones while memory is
/// scarce. Belongs to one core.
class Draft {
 public:
  virtual ~Draft() = default;
  /// The next octets of the body, which the caller keeps alive till the task ends. Failures:
  /// `store_full`, `unavailable`, `limit_reached` (message memory), `shutting_down` (no time to
  /// wait for it); the draft is then dead.
  virtual Task<Result<void>> feed(std::string_view octets) = 0;
  /// Others may soon wait for memory: whoever feeds slowly had better give up. What could be put
  /// into the store was.
  [[nodiscard]] virtual bool memory_scarce() const { return false; }
  /// Every octet fed so far, for whoever must look at the whole; also after `finish`, till the
  /// draft ends. As large as the message: the caller minds its size. Failures: those of reading,
  /// and `corrupt` where chunks are gone with an engine that failed.
  virtual Task<Result<std::string>> content() const = 0;
  /// The end. Nothing more is fed.
  virtual Task<Result<std::shared_ptr<const StagedMessage>>> finish() = 0;
};

}  // namespace postern::store
