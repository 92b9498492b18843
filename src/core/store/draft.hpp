#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "async/task.hpp"
#include "store/message.hpp"
#include "vocab/result.hpp"

namespace postern::store {

/// A message coming in: counted, parsed for structure and cut into checked, compressed chunks in
/// one pass. Bodies beyond 1 MiB go into the store as they come. Belongs to one core.
class Draft {
 public:
  virtual ~Draft() = default;
  /// The next octets of the body, which the caller keeps alive till the task ends. Failures:
  /// `store_full`, `unavailable`, `limit_reached` (message memory); the draft is then dead.
  virtual Task<Result<void>> feed(std::string_view octets) = 0;
  /// The end. The draft is used up.
  virtual Task<Result<std::shared_ptr<const StagedMessage>>> finish() = 0;
};

}  // namespace postern::store
