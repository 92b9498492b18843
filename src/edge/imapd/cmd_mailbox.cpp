#include <optional>
#include <utility>

#include "imap/response_code.hpp"
#include "imapd/commands.hpp"
#include "imapd/flag_names.hpp"
#include "vocab/try.hpp"

// CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.4 - §6.3.8).
namespace postern::imapd {
namespace {

using store::SpecialUse;

/// The use that CREATE asks for (RFC 6154 §3). Nothing: one that no mailbox can have here: \All and
/// \Flagged would be views on others.
std::optional<SpecialUse> use_of(const imap::Create& command) {
  if (command.special_use.empty()) return SpecialUse::none;
  const auto use = special_use_from(command.special_use.front());
  if (command.special_use.size() > 1 || !use) return std::nullopt;
  if (*use == SpecialUse::all || *use == SpecialUse::flagged) return std::nullopt;
  return use;
}

Answer no_such_use() {
  return no("That use cannot be given", "USEATTR");
}

}  // namespace

Answered cmd_create(Connection& c, imap::Create command) {
  const auto use = use_of(command);
  if (!use) co_return no_such_use();
  // A separator at the end only says that children are to come.
  if (command.mailbox.size() > 1 && command.mailbox.ends_with('/')) command.mailbox.pop_back();
  const auto made = co_await c.account->create_mailbox(std::move(command.mailbox), *use);
  if (!made && made.error().code == Errc::conflict) co_return no_such_use();
  if (!made) co_return std::unexpected(made.error());
  co_return ok("Created", imap::mailbox_id_code(object_id(made->id)));
}

Answered cmd_delete(Connection& c, imap::Delete command) {
  POSTERN_CO_TRY(const auto info, co_await c.account->mailbox(command.mailbox));
  POSTERN_CO_CHECK(co_await c.account->delete_mailbox(std::move(command.mailbox)));
  if (c.selection && c.selection->mailbox == info.id) close_selection(c);
  co_return ok("Deleted");
}

Answered cmd_rename(Connection& c, imap::Rename command) {
  if (command.to.size() > 1 && command.to.ends_with('/')) command.to.pop_back();
  POSTERN_CO_CHECK(
      co_await c.account->rename_mailbox(std::move(command.from), std::move(command.to)));
  co_return ok("Renamed");
}

Answered cmd_subscribe(Connection& c, imap::Subscribe command) {
  const auto done = co_await c.account->subscribe(std::move(command.mailbox), command.subscribed);
  // What is not there is not subscribed to.
  const bool fine = done || (!command.subscribed && done.error().code == Errc::not_found);
  if (!fine) co_return std::unexpected(done.error());
  co_return command.subscribed ? ok("Subscribed") : ok("Unsubscribed");
}

}  // namespace postern::imapd
