#include "imap/print.hpp"
#include "imap/print_list.hpp"
#include "imap/response_code.hpp"
#include "imapd/commands.hpp"
#include "imapd/flag_names.hpp"
#include "vocab/try.hpp"

// SELECT, EXAMINE, CLOSE, UNSELECT and CHECK (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2; RFC 3501
// §6.4.1).
namespace postern::imapd {
namespace {

using imap::Status;

void append_ok(std::string& out, std::string code, std::string_view text) {
  imap::append_status_response(out, "*", Status::ok, code, text);
}

/// The number of the first message without \Seen; 0: there is none.
std::uint32_t first_unseen(const store::MailboxView& view) {
  if (view.info().unseen == 0) return 0;
  std::uint32_t number = 0;
  for (const auto& chunk : view.chunks()) {
    for (const auto& entry : *chunk) {
      ++number;
      if (!entry.flags.has(store::Flags::kSeen)) return number;
    }
  }
  return 0;
}

/// What only IMAP4rev1 has (RFC 3501 §6.3.1). \Recent is never set: sessions cannot be told apart
/// well enough to say who saw a message first, and RFC 9051 has given it up.
void append_rev1(std::string& out, const store::MailboxView& view) {
  imap::append_count(out, 0, "RECENT");
  if (const auto number = first_unseen(view); number > 0)
    append_ok(out, imap::unseen_code(number), "First unseen");
}

void append_selected(Connection& c) {
  const auto& view = *c.selection->view;
  const auto& info = view.info();
  auto& out = c.out.buffer();
  append_flags(out, info, c.selection->read_only);
  imap::append_count(out, static_cast<std::uint32_t>(view.size()), "EXISTS");
  if (!c.rev2) append_rev1(out, view);
  append_ok(out, imap::uid_validity_code(info.uid_validity), "UIDs valid");
  append_ok(out, imap::uid_next_code(info.uid_next), "Next UID");
  append_ok(out, imap::highest_mod_seq_code(info.highest_modseq), "Highest");
  append_ok(out, imap::mailbox_id_code(object_id(info.id)), "Id");
  // RFC 9051 §6.3.2: under its right name.
  if (c.rev2) imap::append_list(out, {.name = info.name}, c.form());
}

}  // namespace

Answered cmd_select(Connection& c, imap::Select command) {
  if (command.qresync) co_return bad("QRESYNC is not enabled");
  // Whatever happens, the mailbox selected before is so no more.
  close_selection(c);
  if (command.condstore) note_condstore(c);
  POSTERN_CO_TRY(const auto info, co_await c.account->mailbox(command.mailbox));
  POSTERN_CO_CHECK(co_await select(c, info.id, command.read_only));
  append_selected(c);
  co_return command.read_only ? ok("Examined", "READ-ONLY") : ok("Selected", "READ-WRITE");
}

Answered cmd_close(Connection& c, imap::Close /*command*/) {
  const auto mailbox = c.selection->mailbox;
  const bool read_only = c.selection->read_only;
  unselect(c);
  if (read_only) co_return ok("Closed");
  const auto gone = co_await c.account->expunge(mailbox, std::nullopt);
  if (!gone && gone.error().code != Errc::not_found) co_return std::unexpected(gone.error());
  co_return ok("Closed");
}

Answered cmd_unselect(Connection& c, imap::Unselect /*command*/) {
  unselect(c);
  co_return ok("Unselected");
}

Answered cmd_check(Connection& /*c*/, imap::Check /*command*/) {
  co_return ok("Done");
}

}  // namespace postern::imapd
