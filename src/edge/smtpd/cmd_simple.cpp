#include "smtpd/commands.hpp"
#include "smtpd/state.hpp"

// The commands that only answer.
namespace postern::smtpd {

Task<Flow> run(Session& session, const smtp::Rset&) {
  session.reset();
  session.wire.say({250, {{2, 0, 0}}, "OK"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::Noop&) {
  session.wire.say({250, {{2, 0, 0}}, "OK"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::Quit&) {
  session.wire.say({221, {{2, 0, 0}}, "Goodbye"});
  co_return Flow::hang_up;
}

/// Tells nobody who is here (RFC 5321 §3.5.3).
Task<Flow> run(Session& session, const smtp::Vrfy&) {
  session.wire.say({252, {{2, 0, 0}}, "Not verified; send mail and see"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::Expn&) {
  session.scold({502, {{5, 5, 1}}, "Not implemented"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::Help&) {
  session.wire.say({214,
                    {{2, 0, 0}},
                    "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY STARTTLS\n"
                    "AUTH is for submission (ports 587 and 465)"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::Etrn&) {
  session.scold({502, {{5, 5, 1}}, "Not implemented"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::UnknownCommand& unknown) {
  if (unknown.foreign) {
    session.wire.say({521, {{5, 5, 1}}, "This is SMTP"});
    co_return Flow::hang_up;
  }
  session.scold({500, {{5, 5, 2}}, "Command unknown"});
  co_return Flow::go_on;
}

Task<Flow> run(Session& session, const smtp::RefusedCommand& refused) {
  session.scold(refused.reply);
  co_return refused.reply.code == 521 ? Flow::hang_up : Flow::go_on;
}

}  // namespace postern::smtpd
