#pragma once

#include <cstdint>

#include "imap/command.hpp"
#include "imapd/fetch.hpp"
#include "imapd/output.hpp"
#include "store/account_session.hpp"
#include "store/mailbox_view.hpp"
#include "vocab/result.hpp"

namespace postern::imapd {

/// One message to be shown. What it refers to outlives the call.
struct MessageFetch {
  store::AccountSession& session;
  const store::Entry& entry;
  const store::StoredMessage* record = nullptr;  ///< Null where no item needs it.
  const store::Keywords& keywords;
  std::uint32_t number = 0;
  imap::NameForm form = imap::NameForm::mutf7;
};

/// Its FETCH response. After a failure some of it may have been said.
Task<Result<void>> fetch_message(const MessageFetch& message, const imap::Fetch& command,
                                 Output& output, FetchOutcome& outcome);

/// The same when no item needs the record: nothing to wait for.
void print_entry(const MessageFetch& message, const imap::Fetch& command, std::string& out);

/// The flags of an entry as the protocol names them.
[[nodiscard]] std::vector<std::string> flag_names(store::Flags flags,
                                                  const store::Keywords& keywords);

/// EMAILID and THREADID (RFC 8474 §5): a letter and the number.
[[nodiscard]] std::string object_id(char kind, std::uint64_t number);

}  // namespace postern::imapd
