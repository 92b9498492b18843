#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "async/task.hpp"

namespace postern::server {

/// Waits till a descriptor, which stays its owner's, can be read. Used on one core.
class Readable {
 public:
  /// False: `stop` was called.
  Task<bool> wait(int descriptor);
  void stop();

 private:
  using Watched = asio::posix::basic_stream_descriptor<Executor>;
  Watched* waiting_ = nullptr;
  bool stopped_ = false;
};

}  // namespace postern::server
