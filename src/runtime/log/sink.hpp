#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/result.hpp"

namespace postern::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// The level's name as it stands in a line and in the configuration.
[[nodiscard]] std::string_view to_string(Level level);

/// Where finished lines go. Called from any thread.
class Sink {
 public:
  Sink() = default;
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// `line` ends in LF. Lines are never mixed. A line that cannot be written is dropped: nothing
  /// here may fail or end the caller's work.
  virtual void write(Level level, std::string_view line) = 0;
};

/// Lines to an open descriptor, each by one unbuffered write, so nothing is lost when the process
/// is killed.
class DescriptorSink : public Sink {
 public:
  enum class Prefix : std::uint8_t {
    none,
    journal,  ///< `<6>` and the like, which journald reads as the line's priority (sd-daemon(3)).
  };
  /// `descriptor` stays open while the sink lives and is not closed by it.
  explicit DescriptorSink(int descriptor, Prefix prefix = Prefix::none);
  void write(Level level, std::string_view line) override;

  /// Lines that could not be written whole.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int> descriptor_;
  Prefix prefix_;
  std::atomic<std::uint64_t> dropped_ = 0;
  friend class FileSink;
};

/// Lines appended to a file (made with mode 0640).
class FileSink : public Sink {
 public:
  /// io_failed: cannot be opened; the detail names path and reason.
  [[nodiscard]] static Result<std::unique_ptr<FileSink>> open(std::filesystem::path path);
  ~FileSink() override;
  void write(Level level, std::string_view line) override;

  /// Opens the path anew after another program renamed the file away. io_failed: the old file
  /// stays in use.
  [[nodiscard]] Result<void> reopen();

 private:
  FileSink(std::filesystem::path path, int descriptor);
  std::filesystem::path path_;
  DescriptorSink out_;
};

/// Keeps lines in memory, for tests.
class CaptureSink : public Sink {
 public:
  void write(Level level, std::string_view line) override;
  /// Every line so far, each ending in LF.
  [[nodiscard]] std::vector<std::string> lines() const;
  /// All lines in one string.
  [[nodiscard]] std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// Drops every line.
class NullSink : public Sink {
 public:
  void write(Level, std::string_view) override {}
};

}  // namespace postern::log
