#include "smtpd/session.hpp"

#include "smtpd/commands.hpp"
#include "smtpd/reply_for.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {
namespace {

/// Whoever says NOOP for hours, or sends a message one octet a minute, takes another's place.
bool is_stuck(const Session& session) {
  return session.core.clock.instant() - session.progress > session.settings.timeouts.message;
}

Flow end_login(Session& session) {
  session.logger.info("login good no more", {{"account", session.account()}});
  session.wire.say(reply_login_over(421));
  return Flow::hang_up;
}

/// Reads and answers one command.
Task<Flow> next(Session& session) {
  if (is_stuck(session)) co_return trouble(session, Errc::peer_timeout);
  if (auto* const chunked = session.transaction.chunked.get();
      chunked != nullptr && !session.wire.unread()) {
    const auto limit = session.settings.timeouts.command;
    const auto come = co_await chunked->patience.fill(&chunked->message, limit);
    if (!come) co_return trouble(session, come.error().code);
  }
  const auto line = co_await session.wire.line();
  if (!line) co_return trouble(session, line.error().code);
  if (session.login_over()) co_return end_login(session);
  const smtp::Command command = smtp::parse_command(*line, session.command_rules());
  co_return co_await execute(session, command);
}

Task<> converse(Session& session) {
  session.wire.say({220, std::nullopt, session.settings.hostname + " ESMTP Postern"});
  Flow flow = Flow::go_on;
  while (flow == Flow::go_on) {
    flow = co_await next(session);
    if (flow == Flow::go_on && session.errors > session.settings.max_errors) {
      session.wire.say({421, {{4, 7, 0}}, "Too many errors"});
      flow = Flow::hang_up;
    }
  }
}

Task<bool> handshake(Session& session) {
  if (!session.settings.tls) co_return false;
  const auto agreed = co_await session.wire.accept_tls(session.settings.tls);
  if (!agreed) session.logger.info("TLS failed", {{"why", log::Detail{agreed.error().detail}}});
  co_return agreed.has_value();
}

Task<> converse_or_refuse(Session& session, bool welcome) {
  if (session.settings.implicit_tls) {
    if (!welcome) co_return;  // nothing can be said before a handshake, which is what is saved here
    const bool agreed = co_await handshake(session);
    if (!agreed) co_return;
  }
  if (welcome) {
    co_await converse(session);
  } else {
    session.logger.debug("too many connections");  // the guard counts, and tells the operator
    session.wire.say({421, {{4, 7, 0}}, "Too many connections from your network"});
  }
  // What is still owed; a peer that is gone has missed it.
  (void)co_await session.wire.flush();
}

}  // namespace

Task<> serve(Core& core, std::unique_ptr<net::Stream> stream, const Services& services,
             std::shared_ptr<const Settings> settings) {
  const metrics::Held counted{services.metrics.connections};
  Session session{core, *stream, services, *settings};
  session.place = services.guard.enter(session.peer);
  co_await converse_or_refuse(session, session.place != nullptr);
  stream->close();
}

}  // namespace postern::smtpd
