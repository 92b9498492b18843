#include <algorithm>
#include <utility>

#include "imapd/commands.hpp"
#include "imapd/fetch.hpp"
#include "vocab/try.hpp"

// FETCH (RFC 9051 §6.4.5): what it works on, and what is remembered of it.
namespace postern::imapd {
namespace {

bool enables_condstore(const imap::Fetch& command) {
  return command.changed_since || std::ranges::any_of(command.items, [](const auto& item) {
           return item.kind == imap::FetchItem::Kind::mod_seq;
         });
}

/// That the client has seen \Seen come.
std::unique_ptr<OwnChange> seen_change(const FetchOutcome& outcome,
                                       const store::MailboxView& view) {
  auto own = std::make_unique<OwnChange>();
  own->change.mode = store::StoreMode::add;
  own->change.flags.system = store::Flags::kSeen;
  own->silent = true;
  for (const auto& [at, modseq] : outcome.seen) own->told.emplace_back(view.at(at).uid, modseq);
  return own;
}

}  // namespace

Answered cmd_fetch(Connection& c, imap::Fetch command) {
  if (command.vanished) co_return bad("QRESYNC is not enabled");
  auto positions = chosen(command.set, *c.selection, command.uid);
  if (!positions) co_return bad("No such message number");
  if (enables_condstore(command)) note_condstore(c);
  const auto& told = c.selection->told;
  POSTERN_CO_TRY(auto long_gone,
                 co_await c.account->long_gone(c.selection->mailbox, told.modseq, told.at));
  const FetchContext context{.session = *c.account,
                             .view = c.selection->view,
                             .condstore = c.condstore,
                             .read_only = c.selection->read_only,
                             .form = c.form(),
                             .positions = *std::move(positions),
                             .long_gone = std::move(long_gone)};
  const auto outcome = co_await fetch(context, command, c.out);
  if (!outcome) {
    c.services.logger.warn("a message could not be read",
                           {{"account", c.account->id()},
                            {"code", outcome.error().code},
                            {"detail", log::Detail{outcome.error().detail}}});
    co_return std::unexpected(outcome.error());
  }
  if (!outcome->seen.empty()) c.own = seen_change(*outcome, *context.view);
  // RFC 9051 §6.4.9: a UID that is there no more is passed over.
  if (outcome->some_gone && !command.uid) co_return no("Some are there no more", "EXPUNGEISSUED");
  if (outcome->unknown_cte) co_return no("Some are in an encoding unknown here", "UNKNOWN-CTE");
  co_return ok("Fetched");
}

}  // namespace postern::imapd
