#pragma once

#include <cstdint>

#include "async/task.hpp"
#include "smtp/command.hpp"
#include "vocab/result.hpp"

// The commands, one file each (cmd_*.cpp). `execute` holds each against the table of the stages in
// which it is allowed.
namespace postern::smtpd {

struct Session;

enum class Flow : std::uint8_t { go_on, hang_up };

/// Answers `command`, which outlives the task.
Task<Flow> execute(Session& session, const smtp::Command& command);

/// A wait on the peer ended so: says what can be said. The session is over, but for a line too
/// long.
Flow trouble(Session& session, Errc code);

Task<Flow> run(Session& session, const smtp::Hello& hello);
Task<Flow> run(Session& session, const smtp::Mail& mail);
Task<Flow> run(Session& session, const smtp::Rcpt& rcpt);
Task<Flow> run(Session& session, const smtp::Data& data);
Task<Flow> run(Session& session, const smtp::Bdat& bdat);
Task<Flow> run(Session& session, const smtp::Rset& rset);
Task<Flow> run(Session& session, const smtp::Noop& noop);
Task<Flow> run(Session& session, const smtp::Quit& quit);
Task<Flow> run(Session& session, const smtp::Vrfy& vrfy);
Task<Flow> run(Session& session, const smtp::Expn& expn);
Task<Flow> run(Session& session, const smtp::Help& help);
Task<Flow> run(Session& session, const smtp::StartTls& start_tls);
Task<Flow> run(Session& session, const smtp::Auth& auth);
Task<Flow> run(Session& session, const smtp::Etrn& etrn);
Task<Flow> run(Session& session, const smtp::UnknownCommand& unknown);
Task<Flow> run(Session& session, const smtp::RefusedCommand& refused);

}  // namespace postern::smtpd
