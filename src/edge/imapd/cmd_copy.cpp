#include <utility>

#include "imap/print.hpp"
#include "imap/response_code.hpp"
#include "imapd/commands.hpp"
#include "vocab/try.hpp"

// COPY and MOVE, with UIDs too (RFC 9051 §6.4.7, §6.4.8).
namespace postern::imapd {
namespace {

std::string copy_uids(const store::CopyResult& result) {
  imap::RangeSet from;
  imap::RangeSet to;
  for (const auto& [source, made] : result.uids) {
    from.push_back(source.value());
    to.push_back(made.value());
  }
  return imap::copy_uid_code(result.uid_validity, from, to);
}

Task<Result<store::CopyResult>> transfer(Connection& c, std::vector<Uid> uids, MailboxId to,
                                         bool move) {
  const auto from = c.selection->mailbox;
  if (move) co_return co_await c.account->move(from, std::move(uids), to);
  co_return co_await c.account->copy(from, std::move(uids), to);
}

}  // namespace

Answered cmd_copy(Connection& c, imap::Copy command) {
  if (command.move && c.selection->read_only) co_return no("The mailbox is read-only", "READ-ONLY");
  auto uids = chosen_uids(std::move(command.set), *c.selection, command.uid);
  if (!uids) co_return bad("No such message number");
  const auto to = co_await c.account->mailbox(std::move(command.mailbox));
  if (!to && to.error().code == Errc::not_found)
    co_return no("Create the mailbox first", "TRYCREATE");
  if (!to) co_return std::unexpected(to.error());
  if (uids->empty()) co_return ok("There was nothing to do");
  POSTERN_CO_TRY(const auto result, co_await transfer(c, *std::move(uids), to->id, command.move));
  if (result.uids.empty() && command.uid) co_return ok("There was nothing to do");
  if (result.uids.empty()) co_return no("They are there no more", "EXPUNGEISSUED");
  auto code = copy_uids(result);
  if (!command.move) co_return ok("Copied", std::move(code));
  // Before the EXPUNGE responses, so that the client can follow (RFC 6851 §4.3).
  imap::append_status_response(c.out.buffer(), "*", imap::Status::ok, code, "Moved");
  co_return ok("Moved");
}

}  // namespace postern::imapd
