#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "store/account.hpp"
#include "store/account_session.hpp"
#include "store/mail_store.hpp"
#include "vocab/result.hpp"

// What sessions and delivery do to one account, each as one commit. All run on the account's home
// core; what they promise stands at AccountSession.
namespace postern::store {

/// The octets an account may use at most, with the grace of the message that crosses the line.
[[nodiscard]] constexpr std::uint64_t quota_with_grace(std::uint64_t quota) {
  return quota + quota / 10;
}

// ops_append.cpp
Task<Result<std::vector<AppendResult>>> append(Account& account,
                                               std::vector<AppendRequest> requests);
Task<Result<QuotaVerdict>> check_quota(Account& account, std::uint64_t size);
/// A delivery's part in one account: under the writer, after load.
struct Arrival {
  const Placement* placement = nullptr;  ///< Outlives the commit.
  Placed placed;
};
[[nodiscard]] Result<void> add_arrivals(const Account& account, Edit& edit,
                                        const StagedMessage& message,
                                        std::vector<Arrival>& arrivals);

// ops_flags.cpp
Task<Result<FlagChangeResult>> change_flags(Account& account, FlagChange change);

// ops_copy.cpp
enum class Transfer : std::uint8_t { copy, move };
Task<Result<CopyResult>> transfer(Account& account, MailboxId from, std::vector<Uid> uids,
                                  MailboxId to, Transfer how);

// ops_expunge.cpp
Task<Result<std::vector<Uid>>> expunge(Account& account, MailboxId mailbox,
                                       std::optional<std::vector<Uid>> uids, Duration retention);

/// UIDs that left the mailbox after MODSEQ `after`, at `latest` or before. Of what is published;
/// runs anywhere.
Task<Result<std::vector<Uid>>> vanished(const kv::Engine& engine, AccountId account,
                                        MailboxId mailbox, ModSeq after, Timestamp latest);

// ops_mailbox.cpp
Task<Result<std::vector<MailboxInfo>>> list_mailboxes(Account& account);
Task<Result<MailboxInfo>> create_mailbox(Account& account, std::string name, SpecialUse use,
                                         std::uint32_t max_mailboxes);
Task<Result<void>> delete_mailbox(Account& account, std::string name, Duration retention);
Task<Result<void>> rename_mailbox(Account& account, std::string from, std::string to);
Task<Result<void>> subscribe(Account& account, std::string name, bool on);

// rows.cpp: the tip's rows behind UIDs, read under the writer.
struct Row {
  Uid uid;
  layout::EntryRecord entry;
  layout::PlacesRecord places;  ///< Read only where asked for.
};
/// Those of `uids` that are there, in order.
Task<Result<std::vector<Row>>> read_rows(Account& account, MailboxId mailbox,
                                         std::vector<Uid> uids);
/// Fills in `places`: from the store where a message is shared, else it is known.
Task<Result<void>> read_places(Account& account, MailboxId mailbox, std::vector<Row>& rows);

}  // namespace postern::store
