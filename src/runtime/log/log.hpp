#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "log/field.hpp"
#include "log/sink.hpp"
#include "vocab/time.hpp"

// Structured logs in logfmt, one line per event:
//   ts=2026-01-02T03:04:05.678901Z level=info msg="message accepted" conn=17 id=00c0ffee00c0ffee
// A line is a constant message and key=value data. A `Logger` is handed to whoever logs; there is
// no global one.
namespace postern::log {

/// The level named `name` (`trace` ... `error`, `off`), or nothing.
[[nodiscard]] std::optional<Level> level_from(std::string_view name);

/// Where a process' lines go and how they look. One per process (or per test), outliving every
/// Logger made from it. Safe to use from any thread.
class Backend {
 public:
  struct Options {
    Level level = Level::info;
    bool addresses = false;  ///< `log.addresses`: show mail addresses whole.
    bool timestamps = true;  ///< Off where the reader adds its own (the journal).
  };
  using Now = std::function<Timestamp()>;

  /// `sink` outlives the backend. `now` is called from any thread.
  Backend(Sink& sink, Options options, Now now);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] bool enabled(Level level) const {
    return level >= level_.load(std::memory_order_relaxed);
  }
  /// For a reload; takes effect at once for every Logger.
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  void set_addresses(bool shown) { addresses_.store(shown, std::memory_order_relaxed); }
  [[nodiscard]] bool addresses() const { return addresses_.load(std::memory_order_relaxed); }

  void write(Level level, std::string_view message, std::string_view context,
             std::initializer_list<Field> fields);

 private:
  Sink& sink_;
  std::atomic<Level> level_;
  std::atomic<bool> addresses_;
  bool timestamps_;
  Now now_;
};

/// Writes lines with the fields it was made with. A small value: copy it, or make one with more
/// fields per connection or message. Costs one relaxed load when its level is off; when a field is
/// dear to compute, ask `enabled` first.
class Logger {
 public:
  /// `backend` outlives the logger.
  explicit Logger(Backend& backend) : backend_{&backend} {}

  /// A logger whose every line also carries `fields` (rendered now).
  [[nodiscard]] Logger with(std::initializer_list<Field> fields) const;

  [[nodiscard]] bool enabled(Level level) const { return backend_->enabled(level); }

  void trace(Message m, std::initializer_list<Field> f = {}) const { line(Level::trace, m, f); }
  void debug(Message m, std::initializer_list<Field> f = {}) const { line(Level::debug, m, f); }
  void info(Message m, std::initializer_list<Field> f = {}) const { line(Level::info, m, f); }
  void warn(Message m, std::initializer_list<Field> f = {}) const { line(Level::warn, m, f); }
  void error(Message m, std::initializer_list<Field> f = {}) const { line(Level::error, m, f); }

 private:
  void line(Level level, Message message, std::initializer_list<Field> fields) const {
    if (backend_->enabled(level)) backend_->write(level, message.text(), context_, fields);
  }

  Backend* backend_;
  std::string context_;
};

}  // namespace postern::log
