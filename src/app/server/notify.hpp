#pragma once

#include <string>
#include <string_view>

#include "server/descriptor.hpp"

namespace postern::server {

/// Tells the service manager how we are (sd_notify(3)). Without one, every call does nothing. The
/// socket is opened at once, so that a confined process can still speak.
class Notifier {
 public:
  /// To NOTIFY_SOCKET, which is taken out of the environment: no child speaks for us. Before any
  /// thread.
  [[nodiscard]] static Notifier from_environment();

  void ready() const;
  void reloading() const;
  /// Back to serving, and what became of the reload.
  void reloaded(std::string_view status) const;
  void stopping() const;

 private:
  void tell(const std::string& lines) const;
  Descriptor socket_;
};

/// Text in one line: what came from elsewhere must not pass for a further assignment.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace postern::server
