#pragma once

#include <memory>
#include <string>
#include <vector>

#include "imap/command.hpp"
#include "imapd/output.hpp"
#include "search/query.hpp"
#include "store/account_session.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/result.hpp"
#include "vocab/time.hpp"

namespace postern::imapd {

/// What SEARCH works on: the mailbox as the client knows it.
struct SearchContext {
  store::AccountSession& session;
  std::shared_ptr<const store::MailboxView> view;
  std::string tag;
  bool rev2 = false;       ///< ENABLE IMAP4rev2: every reply is ESEARCH (RFC 9051 §7.3.4).
  bool condstore = false;  ///< Enabled: a MODSEQ key then adds the highest one found.
  Timestamp now{};
  const imap::RangeSet& saved;  ///< UIDs of the last SEARCH RETURN (SAVE), for `$`.
};

struct SearchOutcome {
  bool saves = false;
  imap::RangeSet saved;      ///< With `saves`: what `$` is from now on.
  bool uses_modseq = false;  ///< The command enables CONDSTORE (RFC 7162 §3.1).
};

/// Looks and answers. Failures are the session's.
Task<Result<SearchOutcome>> search(const SearchContext& context, const imap::Search& command,
                                   Output& output);

/// The protocol's keys as a query. Pure.
[[nodiscard]] search::Query to_query(const imap::SearchKey& key, const SearchContext& context);

}  // namespace postern::imapd
