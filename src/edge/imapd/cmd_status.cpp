#include <utility>
#include <vector>

#include "imap/print_list.hpp"
#include "imapd/commands.hpp"
#include "imapd/flag_names.hpp"
#include "imapd/status.hpp"
#include "vocab/try.hpp"

// STATUS (RFC 9051 §6.3.11).
namespace postern::imapd {
namespace {

using imap::StatusItem;

std::uint64_t deleted_octets(const store::MailboxView& view) {
  std::uint64_t octets = 0;
  for (const auto& chunk : view.chunks()) {
    for (const auto& entry : *chunk)
      if (entry.flags.has(store::Flags::kDeleted)) octets += entry.size;
  }
  return octets;
}

std::uint64_t value_of(StatusItem item, const store::MailboxInfo& info, std::uint64_t limit) {
  switch (item) {
    case StatusItem::messages:        return info.messages;
    case StatusItem::uid_next:        return info.uid_next.value();
    case StatusItem::uid_validity:    return info.uid_validity.value();
    case StatusItem::unseen:          return info.unseen;
    case StatusItem::deleted:         return info.deleted;
    case StatusItem::size:            return info.octets;
    case StatusItem::highest_mod_seq: return info.highest_modseq.value();
    case StatusItem::append_limit:    return limit;
    case StatusItem::recent:           // Always none: see cmd_select.cpp.
    case StatusItem::mailbox_id:       // Not a number.
    case StatusItem::deleted_storage:  // Counted by the caller, if there is any.
      return 0;
  }
  std::unreachable();
}

}  // namespace

Task<Result<void>> append_status(Connection& c, const store::MailboxInfo& info,
                                 std::span<const StatusItem> items) {
  const auto id = object_id(info.id);
  std::vector<imap::StatusValue> values;
  for (const auto item : items) {
    values.push_back({item, value_of(item, info, c.settings.max_message), id});
    if (item == StatusItem::highest_mod_seq) note_condstore(c);
    if (item != StatusItem::deleted_storage || info.deleted == 0) continue;
    POSTERN_CO_TRY(const auto view, co_await c.account->view(info.id));
    values.back().number = deleted_octets(*view);
  }
  imap::append_status(c.out.buffer(), info.name, values, c.form());
  co_return Result<void>{};
}

Answered cmd_status(Connection& c, imap::StatusOf command) {
  POSTERN_CO_TRY(const auto info, co_await c.account->mailbox(std::move(command.mailbox)));
  POSTERN_CO_CHECK(co_await append_status(c, info, command.items));
  co_return ok("That is its status");
}

}  // namespace postern::imapd
