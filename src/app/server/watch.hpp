#pragma once

#include "async/task.hpp"

namespace postern::server {

class Server;

/// Brings orders to a running server: from signals, from the supervisor. Everything on the server's
/// first core. Outlives the server.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Till `stop`.
  virtual Task<> run(Server& server) = 0;
  virtual void stop() = 0;
};

}  // namespace postern::server
