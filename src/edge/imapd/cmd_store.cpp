#include <utility>

#include "imap/response_code.hpp"
#include "imapd/commands.hpp"
#include "imapd/flag_names.hpp"
#include "vocab/try.hpp"

// STORE and EXPUNGE, with UIDs too (RFC 9051 §6.4.3, §6.4.6, RFC 7162 §3.1.3).
namespace postern::imapd {
namespace {

store::StoreMode mode_of(imap::Store::How how) {
  switch (how) {
    case imap::Store::How::replace: return store::StoreMode::replace;
    case imap::Store::How::add:     return store::StoreMode::add;
    case imap::Store::How::remove:  return store::StoreMode::remove;
  }
  std::unreachable();
}

/// The tagged answer once the change is made.
Answer answer_to(const Connection& c, const store::FlagChangeResult& result, bool uid) {
  if (!result.modified.empty()) {
    const auto left_alone = to_ranges(result.modified, *c.selection->view, uid);
    return ok("Some were changed by others meanwhile", imap::modified_code(left_alone));
  }
  // RFC 2180 §4.2: a client that named them by number believes that they are there.
  if (!result.missing.empty() && !uid) return no("Some are there no more", "EXPUNGEISSUED");
  return ok("Stored");
}

}  // namespace

Answered cmd_store(Connection& c, imap::Store command) {
  if (c.selection->read_only) co_return no("The mailbox is read-only", "READ-ONLY");
  auto uids = chosen_uids(std::move(command.set), *c.selection, command.uid);
  if (!uids) co_return bad("No such message number");
  auto flags = named_flags(command.flags);
  if (!flags) co_return no("There is no such flag", "CANNOT");
  if (command.unchanged_since) note_condstore(c);
  if (uids->empty()) co_return ok("There was nothing to store");
  store::FlagChange change{.mailbox = c.selection->mailbox,
                           .uids = *std::move(uids),
                           .mode = mode_of(command.how),
                           .flags = *std::move(flags)};
  if (command.unchanged_since) change.unchanged_since = ModSeq{*command.unchanged_since};
  POSTERN_CO_TRY(const auto result, co_await c.account->change_flags(change));
  c.own = std::make_unique<OwnChange>(std::move(change), result.modseq, command.silent);
  co_return answer_to(c, result, command.uid);
}

Answered cmd_expunge(Connection& c, imap::Expunge command) {
  if (c.selection->read_only) co_return no("The mailbox is read-only", "READ-ONLY");
  std::optional<std::vector<Uid>> uids;
  if (command.uids) uids = chosen_uids(*std::move(command.uids), *c.selection, true);
  POSTERN_CO_CHECK(co_await c.account->expunge(c.selection->mailbox, std::move(uids)));
  co_return ok("Expunged");
}

}  // namespace postern::imapd
