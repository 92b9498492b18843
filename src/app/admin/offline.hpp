#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "log/log.hpp"
#include "vocab/result.hpp"

// The same acts on a store whose server does not run.
namespace postern::admin {

/// The file under the store's directory at which a running server takes requests.
inline constexpr const char* kControlSocket = "control.sock";

/// A store opened for administration: its engine and all that works on it, on a core of its own.
/// Nothing is served, and the queue sends nothing. Destroying it writes out and closes.
class Offline {
 public:
  enum class Missing : std::uint8_t { refuse, make };  ///< What to do where there is no store.

  /// Root becomes the user whose the store is (or is to be), for good: what is written must be the
  /// server's own. `conflict`: another process has the store open. `not_found`: there is none.
  /// `bad_config`, `not_permitted`, `io_failed`, `corrupt`, `unsupported`: the detail is for
  /// people.
  [[nodiscard]] static Result<std::unique_ptr<Offline>> open(const config::Config& config,
                                                             Missing missing, log::Logger logger);
  Offline(const Offline&) = delete;
  Offline& operator=(const Offline&) = delete;
  ~Offline();

  /// As `handle` (admin.hpp); blocks.
  [[nodiscard]] std::string handle(std::string request);

 private:
  struct Parts;
  explicit Offline(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The answer to "store.verify" for a store that no process has open; writes nothing. Failures as
/// `Offline::open`.
[[nodiscard]] Result<std::string> verify_offline(const config::Config& config);

}  // namespace postern::admin
