#include "log/sink.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace postern::log {
namespace {

// syslog(3) priorities: error 3, warning 4, info 6, debug 7.
std::string_view journal_prefix(Level level) {
  switch (level) {
    case Level::trace:
    case Level::debug: return "<7>";
    case Level::info:  return "<6>";
    case Level::warn:  return "<4>";
    case Level::error:
    case Level::off:   return "<3>";
  }
  return "<6>";
}

// One write per line: O_APPEND and pipes up to PIPE_BUF keep lines whole between threads and
// processes. What a full disk cut short is not retried: the rest would follow another's line.
bool write_whole(int descriptor, std::string_view line) {
  for (;;) {
    const ssize_t n = ::write(descriptor, line.data(), line.size());
    if (n >= 0) return static_cast<std::size_t>(n) == line.size();
    if (errno != EINTR) return false;
  }
}

Result<int> open_for_append(const std::filesystem::path& path) {
  constexpr mode_t kMode = 0640;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): open(2)
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
  if (descriptor < 0) {
    const std::string reason = std::error_code(errno, std::generic_category()).message();
    return fail(Errc::io_failed, "log file " + path.string() + ": " + reason);
  }
  return descriptor;
}

}  // namespace

DescriptorSink::DescriptorSink(int descriptor, Prefix prefix)
    : descriptor_{descriptor}, prefix_{prefix} {}

void DescriptorSink::write(Level level, std::string_view line) {
  std::string prefixed;
  if (prefix_ == Prefix::journal) {
    prefixed = journal_prefix(level);
    prefixed += line;
    line = prefixed;
  }
  if (!write_whole(descriptor_.load(std::memory_order_relaxed), line)) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

FileSink::FileSink(std::filesystem::path path, int descriptor)
    : path_{std::move(path)}, out_{descriptor} {}

Result<std::unique_ptr<FileSink>> FileSink::open(std::filesystem::path path) {
  const auto descriptor = open_for_append(path);
  if (!descriptor) return std::unexpected(descriptor.error());
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private
  return std::unique_ptr<FileSink>(new FileSink(std::move(path), *descriptor));
}

FileSink::~FileSink() {
  ::close(out_.descriptor_.load());
}

void FileSink::write(Level level, std::string_view line) {
  out_.write(level, line);
}

Result<void> FileSink::reopen() {
  const auto fresh = open_for_append(path_);
  if (!fresh) return std::unexpected(fresh.error());
  // The number keeps its meaning for a thread that is writing right now: the new file takes it
  // over.
  const int old = out_.descriptor_.load();
  const int moved = ::dup3(*fresh, old, O_CLOEXEC);
  ::close(*fresh);
  if (moved < 0) return fail(Errc::io_failed, "log file " + path_.string() + ": dup3");
  return {};
}

void CaptureSink::write(Level, std::string_view line) {
  const std::scoped_lock lock(mutex_);
  lines_.emplace_back(line);
}

std::vector<std::string> CaptureSink::lines() const {
  const std::scoped_lock lock(mutex_);
  return lines_;
}

std::string CaptureSink::text() const {
  std::string all;
  for (const std::string& line : lines()) all += line;
  return all;
}

}  // namespace postern::log
