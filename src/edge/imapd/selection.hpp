#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "imap/sequence_set.hpp"
#include "store/account_session.hpp"
#include "store/mailbox_view.hpp"

namespace postern::imapd {

/// The selected mailbox, as the client knows it.
struct Selection {
  MailboxId mailbox;
  bool read_only = false;
  /// What was announced, no more and no less: message numbers count in it.
  std::shared_ptr<const store::MailboxView> view;
  /// As of when every expunge was announced.
  struct Told {
    ModSeq modseq;
    Timestamp at{};
  } told;
  /// UIDs of the last SEARCH RETURN (SAVE): `$` (RFC 9051 §6.4.4.1).
  imap::RangeSet saved;
  /// Keeps the store's view current; wakes IDLE.
  std::unique_ptr<store::Subscription> changes;
};

/// Writes `$` out: as UIDs, or as the numbers of those that are still there. An empty result stays
/// a set that resolves to nothing.
void expand_last_result(imap::SequenceSet& set, const Selection& selection, bool uid);

/// The positions in the view that `set` names, ascending; UIDs that are not there name nothing.
/// Nothing at all: a message number that does not exist, which makes the command BAD (RFC 9051 §9
/// "seq-number").
[[nodiscard]] std::optional<std::vector<std::size_t>> chosen(imap::SequenceSet set,
                                                             const Selection& selection, bool uid);
/// The same as UIDs.
[[nodiscard]] std::optional<std::vector<Uid>> chosen_uids(imap::SequenceSet set,
                                                          const Selection& selection, bool uid);

/// Numbers, or UIDs, of `uids` for a response code. Ascending ones; those not in the view are left
/// out of the numbers.
[[nodiscard]] imap::RangeSet to_ranges(const std::vector<Uid>& uids, const store::MailboxView& view,
                                       bool uid);

}  // namespace postern::imapd
