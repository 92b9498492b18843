#pragma once

#include <string>
#include <string_view>
#include <vector>

// Landlock (landlock(7)): what this process, its threads and children may still do with files,
// ports and others' signals, whoever they are.
namespace postern::server {

struct Allowed {
  std::vector<std::string> read;    ///< Files, and folders with all that is below.
  std::vector<std::string> append;  ///< Folders in which files are made and written, not removed.
  std::vector<std::string> change;  ///< Folders in which anything may be done but running programs.
  bool abstract_sockets = false;    ///< Unix sockets without a file that others made.
};

/// Takes away all but `allowed`: files, binding TCP ports (ephemeral ones stay), signals to
/// processes outside. What does not exist is not allowed either. The version of Landlock that
/// holds, or 0 when nothing does: the kernel has none, or a folder of `change` is missing. Needs
/// no_new_privs. Before any thread.
[[nodiscard]] int landlock(const Allowed& allowed);

/// The newest version this program knows.
inline constexpr int kNewestLandlock = 6;
/// What a kernel of that version does not restrict and a newer one does; empty: nothing.
[[nodiscard]] std::string_view landlock_lacks(int version);

}  // namespace postern::server
