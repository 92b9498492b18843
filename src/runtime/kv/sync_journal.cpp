#include "kv/sync_journal.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace postern::kv {
namespace fs = std::filesystem;

namespace {

fs::path journal_of(const fs::path& directory) {
  return directory / "synced.journal";
}

Result<int> open_journal(const fs::path& directory, int flags) {
  const fs::path path = journal_of(directory);
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (descriptor >= 0) return descriptor;
  return fail(Errc::io_failed, path.string() + ": " + std::generic_category().message(errno));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void rename_in(SyncJournal::State& state, SyncJournal::State::Rename rename) {
  if (const auto file = state.files.find(rename.src); file != state.files.end()) {
    state.files[rename.dst] = file->second;
    state.files.erase(rename.src);
  }
  state.renames.push_back(std::move(rename));
}

bool apply_line(SyncJournal::State& state, const std::string& text) {
  std::istringstream in{text};
  char event = 0;
  in >> event;
  std::uint64_t number = 0;
  std::string first;
  std::string second;
  switch (event) {
    case 'C':
      in >> first;
      state.files[first] = {};
      break;
    case 'S':
      in >> number >> first;
      state.files[first] = {number, true};
      break;
    case 'R':
      in >> number >> first >> second;
      rename_in(state, {number, first, second});
      break;
    case 'D':
      in >> first;
      state.files.erase(first);
      break;
    case 'F':
      state.renames.clear();
      for (auto& [name, file] : state.files) file.named = true;
      break;
    default: return false;
  }
  return !in.fail();
}

}  // namespace

SyncJournal::SyncJournal(fs::path directory, int descriptor)
    : directory_{std::move(directory)}, descriptor_{descriptor} {}

SyncJournal::~SyncJournal() {
  ::close(descriptor_);
}

Result<std::unique_ptr<SyncJournal>> SyncJournal::open(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory / "undo", error);
  if (error) return fail(Errc::io_failed, directory.string() + "/undo: " + error.message());
  auto descriptor = open_journal(directory, O_APPEND);
  if (!descriptor) return std::unexpected(std::move(descriptor).error());
  std::unique_ptr<SyncJournal> journal{new SyncJournal{directory, *descriptor}};
  for (const auto& undo : fs::directory_iterator{directory / "undo", error}) {
    journal->next_undo_ = std::max<std::uint64_t>(
        journal->next_undo_, std::strtoull(undo.path().filename().c_str(), nullptr, 10) + 1);
  }
  return journal;
}

std::string SyncJournal::name(std::string_view path) const {
  return fs::path{path}.lexically_normal().lexically_relative(directory_.lexically_normal());
}

bool SyncJournal::line(const std::string& text) {
  const std::scoped_lock lock{mutex_};
  return write_all(descriptor_, text + "\n");
}

bool SyncJournal::created(std::string_view path) {
  return line("C " + name(path));
}

bool SyncJournal::synced(std::string_view path, std::uint64_t length) {
  return line("S " + std::to_string(length) + " " + name(path));
}

bool SyncJournal::renaming(std::string_view src, std::string_view dst) {
  std::uint64_t undo = 0;
  if (fs::exists(dst)) {
    {
      const std::scoped_lock lock{mutex_};
      undo = next_undo_++;
    }
    std::error_code error;
    // A copy, for the file is small: Landlock lets no link cross folders.
    fs::copy_file(dst, directory_ / "undo" / std::to_string(undo), error);
    if (error) return false;
  }
  return line("R " + std::to_string(undo) + " " + name(src) + " " + name(dst));
}

bool SyncJournal::removed(std::string_view path) {
  return line("D " + name(path));
}

bool SyncJournal::folder_synced() {
  return line("F");
}

Result<SyncJournal::State> SyncJournal::replay(const fs::path& directory) {
  const fs::path path = journal_of(directory);
  std::ifstream in{path};
  if (!in) return fail(Errc::not_found, path.string() + ": no journal of syncs");
  State state;
  std::string text;
  while (std::getline(in, text)) {
    if (apply_line(state, text)) continue;
    if (in.eof()) break;  // the process was killed in the middle of a line
    return fail(Errc::corrupt, path.string() + ": " + text);
  }
  return state;
}

Result<void> SyncJournal::reset(const fs::path& directory, const State& state) {
  std::error_code error;
  for (const auto& undo : fs::directory_iterator{directory / "undo", error})
    fs::remove(undo.path(), error);
  auto descriptor = open_journal(directory, O_TRUNC);
  if (!descriptor) return std::unexpected(std::move(descriptor).error());
  std::string text;
  for (const auto& [name, file] : state.files)
    text += "S " + std::to_string(file.synced) + " " + name + "\n";
  const bool written = write_all(*descriptor, text);
  ::close(*descriptor);
  if (!written) return fail(Errc::io_failed, journal_of(directory).string() + ": cannot write");
  return {};
}

}  // namespace postern::kv
