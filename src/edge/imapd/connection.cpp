#include "imapd/connection.hpp"

#include <algorithm>
#include <utility>

#include "async/sleep.hpp"
#include "imap/print.hpp"
#include "imap/response_code.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

/// Before login a command is short: names, passwords, SASL responses.
constexpr imap::ReaderLimits kStrangerLimits{
    .line = 16UL * 1024, .literals = 4UL * 1024, .literal_count = 8, .swallow = 64UL * 1024};
/// So much may a peer say while it waits for the answer to a failed login.
constexpr std::size_t kLingerInput = 64UL * 1024;

}  // namespace

Connection::Connection(Core& on, net::Stream& peer, const Services& with, const Settings& how)
    : core{on},
      stream{peer},
      services{with},
      settings{how},
      login_deadline{on.clock.instant() + how.login_limit},
      reader{kStrangerLimits},
      out{peer, how.write_limit} {}

std::string_view why_over(const Connection& c) {
  if (!c.account) return {};
  // What this client has seen may not be so any more.
  if (c.account->stale()) return "The store was reopened, please connect again";
  if (!c.services.directory.still_good(c.account->id(), c.credential))
    return "Your login is good no more, please log in again";
  return {};
}

Duration read_limit(const Connection& c) {
  if (c.account) return c.settings.idle_limit;
  const Duration left = c.login_deadline - c.core.clock.instant();
  return std::clamp(left, Duration{0}, c.settings.idle_limit);
}

Task<Result<Input>> more_input(Connection& c, Duration limit) {
  POSTERN_CO_CHECK(co_await c.out.flush());
  c.out.shrink();
  // Asked all the same, a stream would give what is there.
  if (limit <= Duration{0}) co_return fail(Errc::peer_timeout);
  const auto octets = co_await c.stream.read(limit);
  if (octets) {
    c.reader.feed(*octets);
    co_return Input::fed;
  }
  if (octets.error().code != Errc::woken) co_return std::unexpected(octets.error());
  if (!std::exchange(c.woke_itself, false)) co_return fail(Errc::shutting_down);
  co_return Input::woken;
}

Task<Result<std::string>> read_line(Connection& c) {
  using Event = imap::CommandReader::Event;
  c.reader.expect_line();
  Event event = c.reader.next();
  while (event == Event::need_input) {
    POSTERN_CO_CHECK(co_await more_input(c, read_limit(c)));
    event = c.reader.next();
  }
  if (event != Event::line) co_return fail(Errc::line_too_long);
  co_return std::string{c.reader.text()};
}

Task<Result<void>> linger(Connection& c, Duration delay) {
  POSTERN_CO_CHECK(co_await c.out.flush());
  const Instant until = c.core.clock.instant() + delay;
  c.login_deadline += delay;  // Not the peer's time.
  for (;;) {
    const Duration left = until - c.core.clock.instant();
    if (left <= Duration{0}) co_return Result<void>{};
    if (c.reader.buffered() >= kLingerInput) {
      co_await sleep(c.core, left);
      continue;
    }
    const auto octets = co_await c.stream.read(left);
    if (octets) {
      c.reader.feed(*octets);
    } else if (octets.error().code == Errc::woken) {
      co_return fail(Errc::shutting_down);
    } else if (octets.error().code != Errc::peer_timeout) {
      co_return std::unexpected(octets.error());
    }
  }
}

Task<Result<void>> refresh(Connection& c, Sync sync, bool uid) {
  if (!c.selection || sync == Sync::none) co_return Result<void>{};
  const Timestamp asked = c.core.clock.now();
  auto newest = co_await c.account->view(c.selection->mailbox);
  if (!newest && newest.error().code == Errc::not_found) {
    c.farewell = "The selected mailbox was removed";
    co_return Result<void>{};
  }
  if (!newest) co_return std::unexpected(newest.error());
  auto to = *std::move(newest);
  const Selection::Told told{.modseq = to->info().highest_modseq, .at = asked};
  if (sync == Sync::no_expunge) to = without_expunges(*c.selection->view, to);
  if (sync == Sync::full || to->info().messages == to->size()) c.selection->told = told;
  auto from = std::exchange(c.selection->view, to);
  const AnnounceOptions options{.uid = uid || c.rev2, .condstore = c.condstore, .own = c.own.get()};
  co_return co_await announce(c.out, std::move(from), std::move(to), c.selection->read_only,
                              options);
}

void unselect(Connection& c) {
  c.selection.reset();
}

void close_selection(Connection& c) {
  if (!c.selection) return;
  unselect(c);
  imap::append_status_response(c.out.buffer(), "*", imap::Status::ok, "CLOSED",
                               "The previous mailbox is closed");
}

Task<Result<void>> select(Connection& c, MailboxId mailbox, bool read_only) {
  auto selection = std::make_unique<Selection>();
  selection->mailbox = mailbox;
  selection->read_only = read_only;
  selection->changes = subscribe(c);
  selection->told.at = c.core.clock.now();
  POSTERN_CO_TRY(selection->view, co_await c.account->view(mailbox));
  selection->told.modseq = selection->view->info().highest_modseq;
  c.selection = std::move(selection);
  co_return Result<void>{};
}

std::unique_ptr<store::Subscription> subscribe(Connection& c) {
  // Destroyed on this core, the subscription never calls after the connection's end.
  return c.account->subscribe_changes(c.core.executor, [&c] {
    if (!c.idling || std::exchange(c.woke_itself, true)) return;
    c.stream.wake();
  });
}

void note_condstore(Connection& c) {
  if (std::exchange(c.condstore, true) || !c.selection) return;
  const auto code = imap::highest_mod_seq_code(c.selection->view->info().highest_modseq);
  imap::append_status_response(c.out.buffer(), "*", imap::Status::ok, code, "Highest");
}

}  // namespace postern::imapd
