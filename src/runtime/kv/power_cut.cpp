#include "kv/power_cut.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <system_error>

#include "async/random.hpp"
#include "kv/sync_journal.hpp"
#include "vocab/try.hpp"

namespace postern::kv {
namespace fs = std::filesystem;

namespace {

struct Cutter {
  fs::path directory;
  std::optional<SeededRandom> random;
  PowerCut report;
  std::error_code error;

  void undo(SyncJournal::State& state, const SyncJournal::State::Rename& rename) {
    if (!fs::exists(directory / rename.dst)) return;  // the process died before the rename itself
    fs::rename(directory / rename.dst, directory / rename.src, error);
    if (const auto file = state.files.extract(rename.dst)) {
      state.files[rename.src] = file.mapped();
    }
    if (rename.undo != 0) {
      const fs::path kept = directory / "undo" / std::to_string(rename.undo);
      if (!error) fs::rename(kept, directory / rename.dst, error);
      if (!error) state.files[rename.dst] = {fs::file_size(directory / rename.dst, error), true};
    }
    ++report.renames_undone;
  }

  /// True if the file is gone.
  bool cut(const std::string& name, SyncJournal::State::File& file) {
    const fs::path path = directory / name;
    if (!fs::exists(path)) return true;
    const std::uint64_t size = fs::file_size(path, error);
    if (error) return false;
    if (!file.named) {
      report.bytes_lost += size;
      ++report.files_removed;
      fs::remove(path, error);
      return true;
    }
    if (size <= file.synced) return false;
    const std::uint64_t beyond = size - file.synced;
    const std::uint64_t kept = random ? random->below(beyond + 1) : 0;
    report.bytes_lost += beyond - kept;
    ++report.files_cut;
    file.synced += kept;
    fs::resize_file(path, file.synced, error);
    return false;
  }
};

}  // namespace

Result<PowerCut> apply_power_cut(const fs::path& directory,
                                 std::optional<std::uint64_t> torn_seed) {
  POSTERN_TRY(auto state, SyncJournal::replay(directory));
  Cutter cutter{directory, std::nullopt, {}, {}};
  if (torn_seed) cutter.random.emplace(*torn_seed);
  for (const auto& rename : std::views::reverse(state.renames)) cutter.undo(state, rename);
  state.renames.clear();
  for (auto file = state.files.begin(); file != state.files.end();)
    file = cutter.cut(file->first, file->second) ? state.files.erase(file) : std::next(file);
  if (cutter.error)
    return fail(Errc::io_failed, directory.string() + ": " + cutter.error.message());
  POSTERN_CHECK(SyncJournal::reset(directory, state));
  return cutter.report;
}

}  // namespace postern::kv
