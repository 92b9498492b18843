#include <string>

#include "sasl/server.hpp"
#include "smtp/capabilities.hpp"
#include "smtpd/commands.hpp"
#include "smtpd/state.hpp"

namespace postern::smtpd {
namespace {

smtp::Capabilities capabilities(const Session& session) {
  smtp::Capabilities out{.pipelining = true,
                         .eight_bit_mime = true,
                         .smtputf8 = true,
                         .starttls = session.settings.tls != nullptr && !session.in_tls(),
                         .chunking = true,
                         .dsn = session.submission(),
                         .enhanced_status_codes = true,
                         .size = true,
                         .max_size = session.settings.max_message,
                         .rcpt_max = session.settings.max_recipients};
  if (session.submission()) {
    const auto names = sasl::offered_mechanisms(session.channel());
    out.auth.assign(names.begin(), names.end());
  }
  return out;
}

}  // namespace

/// RFC 5321 §4.1.1.1; a second one also ends a transaction (§4.1.4).
Task<Flow> run(Session& session, const smtp::Hello& hello) {
  if (hello.kind == smtp::HelloKind::lhlo) {
    session.scold({500, {{5, 5, 1}}, "This is not LMTP"});
    co_return Flow::go_on;
  }
  session.reset();
  session.hello = hello;
  if (hello.kind == smtp::HelloKind::helo) {
    session.wire.say({250, std::nullopt, session.settings.hostname});
  } else {
    session.wire.say(smtp::to_reply(capabilities(session), session.settings.hostname,
                                    "greets " + session.peer.to_string()));
  }
  co_return Flow::go_on;
}

}  // namespace postern::smtpd
