#pragma once

#include "async/task.hpp"
#include "imap/command.hpp"
#include "imapd/answer.hpp"
#include "imapd/connection.hpp"
#include "vocab/result.hpp"

// The commands, one file each or a few that belong together, and the table that says when each is
// allowed (commands.cpp). A command writes its untagged data to `out` and returns the tagged answer
// to come; a failure becomes one in response_for.cpp, or ends the connection.
namespace postern::imapd {

using Answered = Task<Result<Answer>>;

// Any state (RFC 9051 §6.1).
Answered cmd_capability(Connection& c, imap::Capability command);
Answered cmd_noop(Connection& c, imap::Noop command);
Answered cmd_logout(Connection& c, imap::Logout command);
Answered cmd_id(Connection& c, imap::Id command);

// Not authenticated (§6.2).
Answered cmd_starttls(Connection& c, imap::StartTls command);
Answered cmd_login(Connection& c, imap::Login command);
Answered cmd_authenticate(Connection& c, imap::Authenticate command);

// Authenticated (§6.3).
Answered cmd_enable(Connection& c, imap::Enable command);
Answered cmd_select(Connection& c, imap::Select command);
Answered cmd_create(Connection& c, imap::Create command);
Answered cmd_delete(Connection& c, imap::Delete command);
Answered cmd_rename(Connection& c, imap::Rename command);
Answered cmd_subscribe(Connection& c, imap::Subscribe command);
Answered cmd_list(Connection& c, imap::List command);
Answered cmd_lsub(Connection& c, imap::Lsub command);
Answered cmd_namespace(Connection& c, imap::Namespace command);
Answered cmd_status(Connection& c, imap::StatusOf command);
Answered cmd_append(Connection& c, imap::Append command);
Answered cmd_idle(Connection& c, imap::Idle command);

// Selected (§6.4).
Answered cmd_check(Connection& c, imap::Check command);
Answered cmd_close(Connection& c, imap::Close command);
Answered cmd_unselect(Connection& c, imap::Unselect command);
Answered cmd_expunge(Connection& c, imap::Expunge command);
Answered cmd_search(Connection& c, imap::Search command);
Answered cmd_fetch(Connection& c, imap::Fetch command);
Answered cmd_store(Connection& c, imap::Store command);
Answered cmd_copy(Connection& c, imap::Copy command);

/// The reader holds a whole command: does it and answers. Failures are the connection's.
Task<Result<void>> run_command(Connection& c);
/// The reader holds an APPEND up to a message: takes the message's octets, or answers NO. Failures
/// are the connection's.
Task<Result<void>> take_message(Connection& c);
/// Answers a command that was not understood, and counts it.
void refuse(Connection& c, const imap::Refusal& refusal);

}  // namespace postern::imapd
