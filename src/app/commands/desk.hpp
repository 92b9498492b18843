#pragma once

#include <memory>

#include <boost/json/fwd.hpp>

#include "admin/offline.hpp"
#include "commands/command.hpp"
#include "config/config.hpp"
#include "log/log.hpp"
#include "vocab/result.hpp"

namespace postern::commands {

/// Where a command asks: the running server, or the store itself when none runs. Every detail of an
/// error is a sentence for people.
class Desk {
 public:
  using Missing = admin::Offline::Missing;

  /// By --dir, --config or the usual file. `bad_config`.
  [[nodiscard]] static Result<std::unique_ptr<Desk>> open(const Arguments& arguments);
  ~Desk();

  /// The "data" of the answer to `request` (admin/admin.hpp).
  [[nodiscard]] Result<boost::json::value> ask(const boost::json::object& request,
                                               Missing missing = Missing::refuse);
  /// The report of `store verify`.
  [[nodiscard]] Result<boost::json::value> verify();

 private:
  explicit Desk(config::Config config);
  [[nodiscard]] Result<std::string> send(const std::string& request, Missing missing);

  config::Config config_;
  log::DescriptorSink sink_;
  log::Backend backend_;
  std::unique_ptr<admin::Offline> offline_;
};

/// One request, one answer: does `print` with it, or with --json prints it as it is; returns the
/// exit status.
[[nodiscard]] int ask_and_print(const Arguments& arguments, Session& session,
                                const boost::json::object& request,
                                void (*print)(std::ostream& out, const boost::json::value& data));

/// Says why on standard error; returns `kFailed`.
[[nodiscard]] int complain(Session& session, const Error& error);
/// The same for arguments that make no sense; returns `kUsage`.
[[nodiscard]] int misused(Session& session, std::string_view what);

}  // namespace postern::commands
