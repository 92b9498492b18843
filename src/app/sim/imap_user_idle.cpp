// IDLE (RFC 9051 §6.3.13): a session that waits is told of every published change without asking,
// and of nothing else.
#include <utility>

#include <fmt/format.h>

#include "sim/imap_user.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

/// Longer than the network takes for anything: what was on its way has come.
constexpr Duration kSilence{2000};
constexpr int kTries = 5;

}  // namespace

Task<Result<void>> ImapUser::idle(LineClient& client, MailboxId inbox) {
  const auto label = fmt::format("c{}", ++commands_);
  POSTERN_CO_CHECK(co_await client.send(label + " IDLE\r\n"));
  for (;;) {
    POSTERN_CO_TRY(const auto line, co_await client.line());
    if (line.starts_with("+")) break;
    if (line.starts_with("* ")) take_untagged(std::string_view{line}.substr(2));
    if (line.starts_with(label + " ")) co_return Result<void>{};
  }
  const auto session = life_.store().open(slot_.account, slot_.address);
  for (std::size_t n = chance_.between(1, 3); n > 0 && !over(); --n)
    POSTERN_CO_CHECK(co_await listen(client, inbox, *session));
  POSTERN_CO_CHECK(co_await client.send("DONE\r\n"));
  const auto answer = co_await finish_command(client, label);
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

/// Whether anything came before all was silent.
Task<Result<bool>> ImapUser::hear(LineClient& client) {
  for (bool any = false;; any = true) {
    POSTERN_CO_TRY(const auto line, co_await client.line_within(kSilence));
    if (!line) co_return any;
    if (line->starts_with("* ")) take_untagged(std::string_view{*line}.substr(2));
  }
}

/// If the mailbox was the same while all was silent, so is the picture; and no session waits on in
/// a store that was reopened (`session` is as old as the connection's).
Task<Result<void>> ImapUser::listen(LineClient& client, MailboxId inbox,
                                    store::AccountSession& session) {
  for (int tries = 0; tries < kTries; ++tries) {
    const bool stale = session.stale();
    const auto before = co_await session.view(inbox);
    POSTERN_CO_TRY(const bool heard, co_await hear(client));
    if (over()) co_return Result<void>{};
    if (heard) continue;
    if (stale) breach_(fmt::format("IMAP: {} waits in a store that was reopened", slot_.address));
    const auto after = co_await session.view(inbox);
    if (life_.dead()) co_return fail(Errc::peer_closed);
    if (!before || !after || session.stale()) continue;
    if ((*before)->info().highest_modseq != (*after)->info().highest_modseq) continue;
    check_heard(**after);
    shared_.mix(mirror_.size());
    co_return Result<void>{};
  }
  co_return Result<void>{};
}

/// New messages have been counted only; of the others all is known.
void ImapUser::check_heard(const store::MailboxView& view) {
  bool same = mirror_.size() == view.size();
  for (std::size_t i = 0; same && i < mirror_.size(); ++i) {
    const auto& seen = mirror_[i];
    const auto& entry = view.at(i);
    if (seen.uid) same = *seen.uid == entry.uid;
    if (seen.state) same = same && *seen.state == to_state(entry.flags, view.info().keywords);
  }
  if (!same) {
    breach_(fmt::format("IMAP: {} idles and was not told all ({} messages, {} published)",
                        slot_.address, mirror_.size(), view.size()));
  }
}

}  // namespace postern::sim
