#include <algorithm>

#include "imap/print.hpp"
#include "imapd/commands.hpp"
#include "vocab/try.hpp"

// IDLE (RFC 9051 §6.3.13).
namespace postern::imapd {
namespace {

using Event = imap::CommandReader::Event;

/// Lets changes wake the stream for as long as it lives. With no mailbox selected there is one
/// thing to be told of: that the session is over.
class Idling {
 public:
  explicit Idling(Connection& c) : c_{c} {
    c_.idling = true;
    if (!c.selection) changes_ = subscribe(c);
  }
  ~Idling() { c_.idling = false; }
  Idling(const Idling&) = delete;
  Idling& operator=(const Idling&) = delete;

 private:
  Connection& c_;
  std::unique_ptr<store::Subscription> changes_;
};

/// Waits for a line or a change; tells of the change.
Task<Result<void>> wait(Connection& c, Instant deadline) {
  const Duration left = std::max(deadline - c.core.clock.instant(), Duration{0});
  POSTERN_CO_TRY(const auto input, co_await more_input(c, left));
  if (input == Input::fed) co_return Result<void>{};
  c.farewell = why_over(c);
  if (!c.farewell.empty()) co_return Result<void>{};
  co_return co_await refresh(c, Sync::full, false);
}

}  // namespace

Answered cmd_idle(Connection& c, imap::Idle /*command*/) {
  const Idling idling{c};
  const Instant deadline = c.core.clock.instant() + c.settings.idle_limit;
  imap::append_continuation(c.out.buffer(), "idling");
  POSTERN_CO_CHECK(co_await refresh(c, Sync::full, false));
  c.reader.expect_line();
  while (c.farewell.empty()) {
    const Event event = c.reader.next();
    if (event == Event::line)
      co_return imap::is_done(c.reader.text()) ? ok("No longer idle") : bad("DONE expected");
    if (event != Event::need_input) co_return fail(Errc::line_too_long);
    POSTERN_CO_CHECK(co_await wait(c, deadline));
  }
  // There is something to say that is no answer to this.
  co_return fail(Errc::peer_closed, "the session ends within IDLE");
}

}  // namespace postern::imapd
