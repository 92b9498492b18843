#include "imapd/fetch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "imap/print_fetch.hpp"
#include "imapd/announce.hpp"
#include "imapd/fetch_message.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

using Kind = imap::FetchItem::Kind;

/// Metadata records read at a time.
constexpr std::size_t kBatch = 128;

bool needs_record(const imap::FetchItem& item) {
  switch (item.kind) {
    case Kind::uid:
    case Kind::flags:
    case Kind::internal_date:
    case Kind::rfc822_size:
    case Kind::mod_seq:
    case Kind::email_id:
    case Kind::save_date:     return false;
    default:                  return true;
  }
}

bool has(const imap::Fetch& command, Kind kind) {
  return std::ranges::any_of(command.items, [&](const auto& item) { return item.kind == kind; });
}

/// The command as it is answered: UID FETCH shows the UID, and what sets \Seen the flags.
imap::Fetch completed(imap::Fetch command, const FetchContext& context) {
  const bool sets_seen =
      std::ranges::any_of(command.items, [](const auto& item) { return item.sets_seen(); });
  if (command.uid && !has(command, Kind::uid))
    command.items.insert(command.items.begin(), {.kind = Kind::uid});
  if (sets_seen && !context.read_only && !has(command, Kind::flags))
    command.items.insert(command.items.begin(), {.kind = Kind::flags});
  const bool wants_modseq =
      command.changed_since || (context.condstore && has(command, Kind::flags));
  if (wants_modseq && !has(command, Kind::mod_seq))
    command.items.push_back({.kind = Kind::mod_seq});
  return command;
}

/// Sets \Seen where the command does that, and gives the view in which it is so.
Task<Result<std::shared_ptr<const store::MailboxView>>> mark_seen(
    const FetchContext& context, const imap::Fetch& command,
    const std::vector<std::size_t>& positions) {
  const bool sets_seen =
      std::ranges::any_of(command.items, [](const auto& item) { return item.sets_seen(); });
  if (!sets_seen || context.read_only) co_return context.view;
  std::vector<Uid> unseen;
  for (const auto position : positions) {
    const auto& entry = context.view->at(position);
    if (!entry.flags.has(store::Flags::kSeen)) unseen.push_back(entry.uid);
  }
  if (unseen.empty()) co_return context.view;
  const auto mailbox = context.view->info().id;
  store::FlagChange change{.mailbox = mailbox,
                           .uids = std::move(unseen),
                           .mode = store::StoreMode::add,
                           .flags = {.system = store::Flags::kSeen}};
  const auto done = co_await context.session.change_flags(std::move(change));
  // A store that takes no changes just now still serves mail.
  if (!done) co_return context.view;
  auto newest = co_await context.session.view(mailbox);
  if (!newest) co_return context.view;
  co_return newest;
}

/// Takes the begun response back, or else lets the connection end.
std::unexpected<Error> broken_off(Output& output, std::uint64_t mark, Error why) {
  if (output.roll_back(mark)) return std::unexpected{std::move(why)};
  return fail(Errc::peer_closed, "within a response: " + why.detail);
}

std::vector<std::size_t> wanted_positions(const FetchContext& context, const imap::Fetch& command) {
  auto positions = context.positions;
  if (command.changed_since) {
    std::erase_if(positions, [&](std::size_t position) {
      return context.view->at(position).modseq.value() <= *command.changed_since;
    });
  }
  return positions;
}

}  // namespace

Task<Result<FetchOutcome>> fetch(const FetchContext& context, const imap::Fetch& asked,
                                 Output& output) {
  const imap::Fetch command = completed(asked, context);
  const auto positions = wanted_positions(context, command);
  POSTERN_CO_TRY(const auto newest, co_await mark_seen(context, command, positions));
  // Keywords that others added. FLAGS names all that messages can have (RFC 9051 §7.3.5), so first.
  if (newest->info().keywords.size() != context.view->info().keywords.size())
    append_flags(output.buffer(), newest->info(), context.read_only);
  const bool records = std::ranges::any_of(command.items, needs_record);
  FetchOutcome outcome;
  for (std::size_t begin = 0; begin < positions.size(); begin += kBatch) {
    const auto end = std::min(begin + kBatch, positions.size());
    std::vector<std::optional<store::StoredMessage>> found(end - begin);
    if (records) {
      std::vector<MessageId> ids;
      for (auto i = begin; i < end; ++i) ids.push_back(context.view->at(positions[i]).message);
      POSTERN_CO_TRY(found, co_await context.session.messages(std::move(ids)));
    }
    for (auto i = begin; i < end; ++i) {
      const auto& record = found.at(i - begin);
      if (records && !record) {
        outcome.some_gone = true;
        continue;
      }
      store::Entry entry = context.view->at(positions[i]);
      if (const auto now = newest->find(entry.uid); now && newest != context.view) {
        const auto& current = newest->at(*now);
        if (current.modseq != entry.modseq) outcome.seen.emplace_back(positions[i], current.modseq);
        entry = current;
      }
      MessageFetch message{.session = context.session,
                           .entry = entry,
                           .record = record ? &*record : nullptr,
                           .keywords = newest->info().keywords,
                           .number = static_cast<std::uint32_t>(positions[i] + 1),
                           .form = context.form};
      if (records) {
        const auto mark = output.position();
        auto shown = co_await fetch_message(message, command, output, outcome);
        if (!shown) co_return broken_off(output, mark, std::move(shown).error());
        POSTERN_CO_CHECK(co_await output.drain_if_large());
      } else {
        print_entry(message, command, output.buffer());
      }
    }
    POSTERN_CO_CHECK(co_await output.drain_if_large());
  }
  co_return outcome;
}

}  // namespace postern::imapd
