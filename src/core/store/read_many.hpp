#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "kv/engine.hpp"
#include "vocab/result.hpp"

namespace postern::store {

/// The values of `keys`, in order; nothing where there is no such key. `width`: how many keys there
/// can be from the first to the last of them, if they are ascending. Where most of those are
/// wanted they are read side by side, for a fraction of what one search for each costs.
Task<Result<std::vector<std::optional<std::string>>>> read_many(const kv::Reader& reader,
                                                                std::vector<std::string> keys,
                                                                std::uint64_t width);

}  // namespace postern::store
