#include "smtpd/commands.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {

/// RFC 3207 §4. What came behind the command in clear may be somebody else's: the connection ends
/// rather than carry it into the protected session, and all that was said before is forgotten
/// (§4.2).
Task<Flow> run(Session& session, const smtp::StartTls&) {
  if (session.in_tls()) {
    session.scold({503, {{5, 5, 1}}, "TLS is up already"});
    co_return Flow::go_on;
  }
  if (!session.settings.tls) {
    session.scold({502, {{5, 5, 1}}, "Not offered"});
    co_return Flow::go_on;
  }
  if (session.wire.unread()) {
    session.logger.warn("clear text behind STARTTLS");
    session.wire.say({554, {{5, 5, 1}}, "Nothing may follow STARTTLS before the handshake"});
    co_return Flow::hang_up;
  }
  session.wire.say({220, {{2, 0, 0}}, "Go ahead"});
  const auto agreed = co_await session.wire.accept_tls(session.settings.tls);
  if (!agreed) {
    session.logger.info("TLS failed", {{"why", log::Detail{agreed.error().detail}}});
    co_return Flow::hang_up;
  }
  session.reset();
  session.hello.reset();
  session.login.reset();
  co_return Flow::go_on;
}

}  // namespace postern::smtpd
