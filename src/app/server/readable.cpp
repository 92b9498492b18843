#include "server/readable.hpp"

#include <boost/asio/as_tuple.hpp>

namespace postern::server {

Task<bool> Readable::wait(int descriptor) {
  if (stopped_) co_return false;
  const Executor here = co_await this_executor();
  Watched watched{here, descriptor};
  waiting_ = &watched;
  const auto [error] = co_await watched.async_wait(Watched::wait_read, asio::as_tuple(use_task));
  waiting_ = nullptr;
  watched.release();
  co_return !error && !stopped_;
}

void Readable::stop() {
  stopped_ = true;
  if (waiting_ != nullptr) waiting_->cancel();
}

}  // namespace postern::server
