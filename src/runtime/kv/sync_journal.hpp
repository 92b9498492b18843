#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/result.hpp"

namespace postern::kv {

/// Remembers, beside a store, what a power cut could not take away. `DIR/synced.journal` holds a
/// line per event, written with plain write(2): it outlives a killed process, which is all that a
/// harness that emulates power cuts needs. Names are relative to DIR.
///
///   C name           made empty, not yet known to be on disk
///   S length name    synced up to here (ext4 then also keeps the name)
///   R undo src dst   renamed; undo is 0, or a file of DIR/undo holding what dst was before
///   D name           removed
///   F                a folder was synced: all names are on disk
///
/// Thread-safe. Errors are for the caller to treat as the file operation's own.
class SyncJournal {
 public:
  /// What replaying the lines gives.
  struct State {
    struct File {
      std::uint64_t synced = 0;
      bool named = false;  ///< Its name would survive.
    };
    struct Rename {
      std::uint64_t undo;
      std::string src;
      std::string dst;
    };
    std::map<std::string, File> files;
    std::vector<Rename> renames;  ///< Not yet on disk, oldest first.
  };

  /// Goes on with the journal of an earlier run.
  static Result<std::unique_ptr<SyncJournal>> open(const std::filesystem::path& directory);
  ~SyncJournal();
  SyncJournal(const SyncJournal&) = delete;
  SyncJournal& operator=(const SyncJournal&) = delete;

  [[nodiscard]] bool created(std::string_view path);
  [[nodiscard]] bool synced(std::string_view path, std::uint64_t length);
  /// Before the rename itself: keeps what `dst` was, then notes it.
  [[nodiscard]] bool renaming(std::string_view src, std::string_view dst);
  [[nodiscard]] bool removed(std::string_view path);
  [[nodiscard]] bool folder_synced();

  /// not_found: no journal. corrupt: a line that is none.
  static Result<State> replay(const std::filesystem::path& directory);
  /// Starts the journal anew with `state` as what is on disk.
  static Result<void> reset(const std::filesystem::path& directory, const State& state);

 private:
  SyncJournal(std::filesystem::path directory, int descriptor);
  [[nodiscard]] bool line(const std::string& text);
  [[nodiscard]] std::string name(std::string_view path) const;

  std::filesystem::path directory_;
  int descriptor_;
  std::mutex mutex_;
  std::uint64_t next_undo_ = 1;
};

}  // namespace postern::kv
