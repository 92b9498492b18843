#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "vocab/result.hpp"

namespace postern::kv {

/// What a power cut took.
struct PowerCut {
  std::uint64_t files_cut = 0;
  std::uint64_t files_removed = 0;
  std::uint64_t renames_undone = 0;
  std::uint64_t bytes_lost = 0;
};

/// Does to the stopped store in `directory` what a power cut may do at worst, going by the journal
/// that FaultFs left: every file ends where it was last synced (with `torn_seed` at a random point
/// from there on), names never synced are gone, renames never synced are undone. Removals are not
/// undone. May be run again after a further run of the store.
Result<PowerCut> apply_power_cut(const std::filesystem::path& directory,
                                 std::optional<std::uint64_t> torn_seed = std::nullopt);

}  // namespace postern::kv
