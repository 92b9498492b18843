#include "smtpc/connection.hpp"

#include <utility>

#include <fmt/format.h>

#include "vocab/try.hpp"

namespace postern::smtpc {

std::string describe(const route::Candidate& to) {
  if (to.host.is_root()) return fmt::format("[{}]:{}", to.ip.to_string(), to.port);
  return fmt::format("{} [{}]:{}", to.host.to_string(), to.ip.to_string(), to.port);
}

Connection::Connection(std::unique_ptr<net::Stream> stream, Core& core, route::Candidate to)
    : opened{core.clock.instant()},
      stream_{std::move(stream)},
      core_{core},
      to_{std::move(to)},
      host_{to_.host.is_root() ? '[' + to_.ip.to_string() + ']' : to_.host.to_string()} {}

std::string Connection::description() const {
  const auto* const tls = stream_->tls();
  return tls == nullptr ? describe(to_) : describe(to_) + ' ' + tls->version;
}

Task<Result<smtp::Reply>> Connection::reply(Duration limit) {
  const auto deadline = core_.clock.instant() + limit;
  while (true) {
    if (!unread_.empty()) {
      std::string_view input = unread_;
      auto taken = replies_.take(input);
      if (!taken) co_return std::unexpected(std::move(taken).error());
      unread_.erase(0, unread_.size() - input.size());
      if (*taken) co_return **std::move(taken);
    }
    const auto left = deadline - core_.clock.instant();
    if (left <= Duration{0}) co_return fail(Errc::peer_timeout);
    POSTERN_CO_TRY(const auto bytes, co_await stream_->read(left));
    unread_.append(bytes);
  }
}

Task<Result<smtp::Reply>> Connection::ask(std::string line, Duration limit) {
  line += "\r\n";
  POSTERN_CO_CHECK(co_await stream_->write(line, limit));
  co_return co_await reply(limit);
}

Task<Result<void>> Connection::send(std::string_view bytes, Duration limit) {
  return stream_->write(bytes, limit);
}

}  // namespace postern::smtpc
