#include <utility>

#include "imapd/commands.hpp"
#include "imapd/search.hpp"
#include "vocab/try.hpp"

// SEARCH (RFC 9051 §6.4.4): what it works on, and what is remembered of it.
namespace postern::imapd {

Answered cmd_search(Connection& c, imap::Search command) {
  const SearchContext context{.session = *c.account,
                              .view = c.selection->view,
                              .tag = c.tag,
                              .rev2 = c.rev2,
                              .condstore = c.condstore,
                              .now = c.core.clock.now(),
                              .saved = c.selection->saved};
  auto outcome = co_await search(context, command, c.out);
  if (!outcome) {
    // RFC 9051 §6.4.4.1: a SEARCH with SAVE that fails leaves nothing behind.
    if (command.returns && command.returns->save) c.selection->saved = {};
    co_return std::unexpected(outcome.error());
  }
  if (outcome->uses_modseq) note_condstore(c);
  if (outcome->saves) c.selection->saved = std::move(outcome->saved);
  co_return ok("Searched");
}

}  // namespace postern::imapd
