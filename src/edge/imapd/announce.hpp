#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "async/task.hpp"
#include "imapd/output.hpp"
#include "store/account_session.hpp"
#include "store/mailbox_view.hpp"

// Telling a client what happened to its mailbox (RFC 9051 §5.2, §7.5).
namespace postern::imapd {

/// What this session's own STORE or FETCH did to flags, which it need not be told, or must.
struct OwnChange {
  store::FlagChange change;  ///< As asked.
  ModSeq modseq;             ///< As done by STORE; 0: nothing changed.
  bool silent = false;       ///< FLAGS.SILENT; otherwise each message is shown, changed or not.
  /// What FETCH has shown already, with the MODSEQ it got; ascending.
  std::vector<std::pair<Uid, ModSeq>> told = {};
};

struct AnnounceOptions {
  bool uid = false;  ///< Name UIDs in FETCH.
  bool condstore = false;
  const OwnChange* own = nullptr;  ///< Outlives the call.
};

/// `to` with what went since `from` still in it, for when no EXPUNGE may be sent (RFC 9051 §7.5.1).
[[nodiscard]] std::shared_ptr<const store::MailboxView> without_expunges(
    const store::MailboxView& from, const std::shared_ptr<const store::MailboxView>& to);

/// `* FLAGS` and PERMANENTFLAGS.
void append_flags(std::string& out, const store::MailboxInfo& info, bool read_only);

/// EXPUNGE, EXISTS and FETCH: what makes of a client that knows `from` one that knows `to`.
/// Failures are the connection's.
Task<Result<void>> announce(Output& out, std::shared_ptr<const store::MailboxView> from,
                            std::shared_ptr<const store::MailboxView> to, bool read_only,
                            AnnounceOptions options);

}  // namespace postern::imapd
