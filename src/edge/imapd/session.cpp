#include "imapd/session.hpp"

#include <utility>

#include "imap/print.hpp"
#include "imapd/commands.hpp"
#include "imapd/connection.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

using Event = imap::CommandReader::Event;

/// To say BYE to a peer that may not listen any more.
constexpr Duration kFarewellLimit = std::chrono::seconds{5};

void greet(Connection& c) {
  auto& out = c.out.buffer();
  imap::append_status_response(out, "*", imap::Status::ok, capability_code(c),
                               "Postern IMAP server ready");
}

/// Does what the reader asks for.
Task<Result<void>> handle(Connection& c, Event event) {
  switch (event) {
    case Event::need_input: {
      POSTERN_CO_CHECK(co_await more_input(c, read_limit(c)));
      break;
    }
    case Event::command:         co_return co_await run_command(c);
    case Event::message_literal: co_return co_await take_message(c);
    case Event::continuation:    imap::append_continuation(c.out.buffer(), "go on"); break;
    case Event::refused:         refuse(c, c.reader.refusal()); break;
    case Event::line:            break;  // Nobody asked for one.
    case Event::close:           c.farewell = "Too much input that cannot be taken"; break;
  }
  co_return Result<void>{};
}

/// After the answer to STARTTLS. Nothing of what was said in clear counts any more (RFC 9051
/// §6.2.1).
Task<Result<void>> begin_tls(Connection& c) {
  c.begin_tls = false;
  POSTERN_CO_CHECK(co_await c.out.flush());
  POSTERN_CO_CHECK(co_await c.stream.accept_tls(c.settings.tls, read_limit(c)));
  c.errors = 0;
  co_return Result<void>{};
}

Task<Result<void>> converse(Connection& c) {
  while (!c.logged_out && c.farewell.empty()) {
    c.farewell = why_over(c);
    if (!c.farewell.empty()) break;
    // A read ends in time, but who always has something to say ends no read.
    if (!c.account && c.core.clock.instant() >= c.login_deadline) {
      c.farewell = "Too long without a login";
      break;
    }
    const auto event = c.reader.next();
    POSTERN_CO_CHECK(co_await handle(c, event));
    if (c.begin_tls) POSTERN_CO_CHECK(co_await begin_tls(c));
  }
  co_return co_await c.out.flush();
}

std::string_view parting_words(Errc code) {
  if (code == Errc::peer_timeout) return "Idle for too long";
  if (code == Errc::shutting_down) return "The server is shutting down";
  return {};
}

/// To the end, whatever it is; what is left to say is `farewell`.
Task<> serve_connection(Connection& c) {
  if (c.settings.implicit_tls) {
    const auto secured = co_await c.stream.accept_tls(c.settings.tls, read_limit(c));
    if (!secured) {
      c.services.logger.debug("TLS failed", {{"detail", log::Detail{secured.error().detail}}});
      co_return;
    }
  }
  greet(c);
  const auto done = co_await converse(c);
  if (done) co_return;
  c.out.buffer().clear();
  if (c.farewell.empty()) c.farewell = parting_words(done.error().code);
}

/// Before a handshake nothing can be said, and the handshake is what is saved.
void turn_away(Connection& c) {
  // The guard counts, and tells the operator.
  c.services.logger.debug("too many connections", {{"peer", c.stream.peer().ip.to_string()}});
  if (!c.settings.implicit_tls) c.farewell = "Too many connections from your network";
}

Task<> say_bye(Connection& c) {
  if (c.farewell.empty()) co_return;
  std::string bye;
  const auto code = c.place || c.account ? std::string_view{} : "UNAVAILABLE";
  imap::append_status_response(bye, "*", imap::Status::bye, code, c.farewell);
  // Best effort: the connection ends either way.
  (void)co_await c.stream.write(bye, kFarewellLimit);
}

}  // namespace

Metrics::Metrics(metrics::Registry& registry)
    : connections{registry.gauge("postern_imap_connections", "IMAP connections being served")},
      logins{registry.counter("postern_imap_logins_total", "IMAP logins that succeeded")},
      failed_logins{registry.counter("postern_imap_failed_logins_total", "IMAP logins refused")},
      delayed_logins{registry.gauge("postern_imap_delayed_logins",
                                    "Answers to refused IMAP logins being held back")},
      commands{registry.counter("postern_imap_commands_total", "IMAP commands understood")} {}

Task<> serve(Core& core, std::unique_ptr<net::Stream> stream, const Services& services,
             std::shared_ptr<const Settings> settings) {
  const metrics::Held held{services.metrics.connections};
  Connection connection{core, *stream, services, *settings};
  connection.place = services.guard.enter(stream->peer().ip);
  if (connection.place) {
    co_await serve_connection(connection);
  } else {
    turn_away(connection);
  }
  co_await say_bye(connection);
  stream->close();
}

}  // namespace postern::imapd
