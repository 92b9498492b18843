#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.hpp"
#include "log/log.hpp"
#include "net/tls_context.hpp"
#include "server/server.hpp"
#include "vocab/result.hpp"

namespace postern::server {

/// What a server on its own and one under a supervisor have in common: the log, and how a new
/// configuration takes effect.
class Host {
 public:
  /// `sink` outlives it. `config` is what the server starts with.
  Host(log::Sink& sink, config::Config config);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] const log::Logger& logger() const { return logger_; }
  [[nodiscard]] const config::Config& config() const { return config_; }

  /// Takes over what can change in a running server, all or nothing, and says in the log what was
  /// done and what waits for the next start. Never throws. The error, which was logged, is why not.
  Result<void> apply(Server& server, const std::function<Result<config::Config>()>& fresh,
                     const net::ReadFile& read);

 private:
  Result<std::string> change(Server& server, const std::function<Result<config::Config>()>& fresh,
                             const net::ReadFile& read);

  SystemClock clock_;
  log::Backend backend_;
  log::Logger logger_;
  const config::Config config_;
};

/// `done`, its error with the place of the configuration's `key` in front.
template <class T>
[[nodiscard]] Result<T> placed(Result<T> done, const config::Config& config, std::string_view key) {
  if (!done) return fail(done.error().code, config.where(key) + done.error().detail);
  return done;
}

/// As many descriptors as we may have: the soft limit becomes the hard one. Before threads start.
void raise_descriptor_limit();
/// The error in a line on standard error; the exit status.
int complain(const Error& error);
/// Standard error is the journal, which reads priorities.
[[nodiscard]] bool logs_to_journal();
/// Of the log file.
[[nodiscard]] std::string log_folder(const config::Config& config);

}  // namespace postern::server
