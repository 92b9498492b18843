#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "imap/command.hpp"
#include "imapd/output.hpp"
#include "store/account_session.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/result.hpp"

namespace postern::imapd {

/// What FETCH works on: the mailbox as the client knows it.
struct FetchContext {
  store::AccountSession& session;
  std::shared_ptr<const store::MailboxView> view;
  bool condstore = false;  ///< MODSEQ belongs to every answer that shows flags.
  bool read_only = false;  ///< EXAMINE: nothing sets \Seen.
  imap::NameForm form = imap::NameForm::mutf7;
  /// The positions in `view` that the command's set names, ascending.
  std::vector<std::size_t> positions;
  /// UIDs in `view` that went so long ago that they are read no more; ascending.
  std::vector<Uid> long_gone = {};
};

struct FetchOutcome {
  bool some_gone = false;    ///< NO [EXPUNGEISSUED]: a message is gone for good, or for too long.
  bool unknown_cte = false;  ///< NO [UNKNOWN-CTE]: BINARY of an encoding nobody knows.
  /// Entries whose flags this command changed and answered with (\Seen): positions and the MODSEQ
  /// shown.
  std::vector<std::pair<std::size_t, ModSeq>> seen;
};

/// Sends the FETCH responses (RFC 9051 §6.4.5). Messages are streamed: no more than a piece of one
/// is in memory. After a failure the client has whole responses only and can be answered, unless a
/// part of one was sent already: then what was announced cannot be, and the failure is
/// `peer_closed`, which ends the connection.
Task<Result<FetchOutcome>> fetch(const FetchContext& context, const imap::Fetch& command,
                                 Output& output);

}  // namespace postern::imapd
