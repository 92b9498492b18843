#pragma once

#include <memory>
#include <optional>
#include <string>

#include "async/clock.hpp"
#include "config/config.hpp"
#include "log/log.hpp"
#include "server/channel.hpp"
#include "vocab/result.hpp"

namespace postern::server {

/// The supervisor's log, which is the server's too: one file, opened by the one who may.
class SupervisorLog {
 public:
  /// `bad_config`: the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<SupervisorLog>> open(const config::Config& config);

  [[nodiscard]] const log::Logger& logger() const { return logger_; }
  /// The file for the server; nothing for standard error, which it has.
  [[nodiscard]] std::optional<Parcel> passed() const;
  /// Opens the file anew, after rotation, and gives it for the server. Nothing: there is none, or,
  /// which is logged, it cannot be opened and the old one stays.
  [[nodiscard]] std::optional<Parcel> reopen();

 private:
  SupervisorLog(const config::Config& config, Descriptor file);

  std::string path_;
  Descriptor file_;
  SystemClock clock_;
  log::DescriptorSink sink_;
  log::Backend backend_;
  log::Logger logger_;
};

}  // namespace postern::server
