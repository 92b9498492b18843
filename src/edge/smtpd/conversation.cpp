#include "smtpd/conversation.hpp"

#include <utility>

#include "async/sleep.hpp"
#include "vocab/try.hpp"

namespace postern::smtpd {
namespace {

/// Replies beyond this are sent before more commands are looked at.
constexpr std::size_t kMaxOwed = std::size_t{16} * 1024;
/// What a peer may send ahead while it is kept waiting.
constexpr std::size_t kMaxAhead = std::size_t{64} * 1024;
/// A buffer larger than this is not kept while waiting: most connections wait most of the time.
constexpr std::size_t kSmallBuffer = std::size_t{4} * 1024;

/// Of an empty one. (Assigning `{}` would keep the memory.)
void give_back_if_large(std::string& buffer) {
  if (buffer.capacity() > kSmallBuffer) std::string{}.swap(buffer);
}

}  // namespace

Conversation::Conversation(Core& core, net::Stream& stream, const Timeouts& timeouts,
                           std::size_t max_line)
    : core_{core}, stream_{stream}, timeouts_{timeouts}, reader_{max_line} {}

Task<Result<std::string_view>> Conversation::line() {
  const Instant deadline = core_.clock.instant() + timeouts_.command;
  if (owed_.size() > kMaxOwed) POSTERN_CO_CHECK(co_await flush());
  for (;;) {
    POSTERN_CO_TRY(const auto line, reader_.take(input_));
    if (line) co_return *line;
    POSTERN_CO_CHECK(co_await fill(deadline - core_.clock.instant()));
  }
}

void Conversation::say(const smtp::Reply& reply) {
  owed_ += smtp::to_wire(reply);
}

Task<Result<void>> Conversation::flush() {
  if (owed_.empty()) co_return Result<void>{};
  const auto wrote = co_await stream_.write(owed_, timeouts_.write);
  owed_.clear();
  co_return wrote;
}

void Conversation::shrink() {
  give_back_if_large(owed_);
  if (!input_.empty()) return;
  input_ = {};
  buffer_.clear();
  give_back_if_large(buffer_);
}

void Conversation::hold(std::string_view octets) {
  buffer_.erase(0, buffer_.size() - input_.size());
  buffer_ += octets;
  input_ = buffer_;
}

Task<Result<void>> Conversation::fill(Duration limit) {
  POSTERN_CO_CHECK(co_await flush());
  if (limit <= Duration{0}) co_return fail(Errc::peer_timeout);
  shrink();
  POSTERN_CO_TRY(const auto octets, co_await stream_.read(limit));
  hold(octets);
  co_return Result<void>{};
}

Task<Result<void>> Conversation::linger(Duration length) {
  const Instant end = core_.clock.instant() + length;
  POSTERN_CO_CHECK(co_await flush());
  for (;;) {
    const Duration left = end - core_.clock.instant();
    if (left <= Duration{0}) co_return Result<void>{};
    shrink();
    if (input_.size() > kMaxAhead) {
      co_await sleep(core_, left);
      continue;
    }
    const auto octets = co_await stream_.read(left);
    if (octets) {
      hold(*octets);
    } else if (octets.error().code != Errc::peer_timeout) {
      co_return std::unexpected(octets.error());
    }
  }
}

Task<Result<void>> Conversation::accept_tls(std::shared_ptr<const net::TlsContext> context) {
  POSTERN_CO_CHECK(co_await flush());
  co_return co_await stream_.accept_tls(std::move(context), timeouts_.tls);
}

}  // namespace postern::smtpd
