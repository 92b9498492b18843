#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "kv/engine.hpp"
#include "store/message.hpp"
#include "vocab/ids.hpp"
#include "vocab/result.hpp"

namespace postern::store {

/// One answer holds no more than this.
inline constexpr std::uint64_t kMaxRead = std::uint64_t{1} << 20U;

/// Octets [offset, offset + length) of a stored body. `corrupt`: a chunk is missing or damaged.
Task<Result<std::string>> read_body(const kv::Engine& engine, BlobId blob, std::uint64_t offset,
                                    std::uint64_t length);

/// The same of the message as served.
Task<Result<std::string>> read_served(const kv::Engine& engine, StoredMessage message,
                                      std::uint64_t offset, std::uint64_t length);

/// The first `most` octets (at most kMaxRead) of each as served, in one read of the engine.
Task<Result<std::vector<std::string>>> read_beginnings(const kv::Engine& engine,
                                                       std::vector<StoredMessage> messages,
                                                       std::uint64_t most);

}  // namespace postern::store
