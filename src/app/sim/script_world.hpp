#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kv/engine.hpp"
#include "sim/world.hpp"

namespace postern::sim {

/// What a script left behind.
struct ScriptEnd {
  Outcome outcome;
  std::vector<kv::Pair> state;  ///< Every row of the store, in order.
};

/// The store's users, one at a time, `options.steps` operations in all, with sweeps, restarts and
/// pauses between them: the same steps whatever engine is below. It keeps the store in `folder`,
/// which is there and empty; with an empty path in memory.
[[nodiscard]] ScriptEnd run_script(const WorldOptions& options, std::filesystem::path folder);

/// The first row in which two states differ, for people; empty: they are the same.
[[nodiscard]] std::string first_difference(const std::vector<kv::Pair>& one,
                                           const std::vector<kv::Pair>& other);

}  // namespace postern::sim
