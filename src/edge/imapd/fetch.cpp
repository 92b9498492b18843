#include "imapd/fetch.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

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

/// One FETCH being answered, batch by batch.
class Answering {
 public:
  /// `newest` is `context.view` after what the command itself changed. All outlive this.
  Answering(const FetchContext& context, const imap::Fetch& command,
            const std::shared_ptr<const store::MailboxView>& newest, Output& output)
      : context_{context},
        command_{command},
        newest_{newest},
        output_{output},
        records_{std::ranges::any_of(command.items, needs_record)} {}

  /// Answers for the messages at these positions.
  Task<Result<void>> batch(std::span<const std::size_t> positions);
  [[nodiscard]] FetchOutcome take_outcome() && { return std::move(outcome_); }

 private:
  using Record = std::optional<store::StoredMessage>;

  Task<Result<std::vector<Record>>> read_records(std::span<const std::size_t> positions);
  store::Entry current_entry(std::size_t position);
  MessageFetch message(const store::Entry& entry, std::size_t position) const;
  Task<Result<void>> show(const MessageFetch& message);

  const FetchContext& context_;
  const imap::Fetch& command_;
  const std::shared_ptr<const store::MailboxView>& newest_;
  Output& output_;
  bool records_;  ///< Some item needs the metadata record.
  FetchOutcome outcome_;
};

Task<Result<std::vector<Answering::Record>>> Answering::read_records(
    std::span<const std::size_t> positions) {
  std::vector<MessageId> ids;
  ids.reserve(positions.size());
  for (const auto position : positions) ids.push_back(context_.view->at(position).message);
  return context_.session.messages(std::move(ids));
}

/// As the client will know it; what changed of it by this command is noted.
store::Entry Answering::current_entry(std::size_t position) {
  const auto& known = context_.view->at(position);
  if (newest_ == context_.view) return known;
  const auto now = newest_->find(known.uid);
  if (!now) return known;
  const auto& current = newest_->at(*now);
  if (current.modseq != known.modseq) outcome_.seen.emplace_back(position, current.modseq);
  return current;
}

MessageFetch Answering::message(const store::Entry& entry, std::size_t position) const {
  return {.session = context_.session,
          .entry = entry,
          .keywords = newest_->info().keywords,
          .number = static_cast<std::uint32_t>(position + 1),
          .form = context_.form};
}

/// One that needs its record: there may be much to read and to send.
Task<Result<void>> Answering::show(const MessageFetch& message) {
  const auto mark = output_.position();
  auto shown = co_await fetch_message(message, command_, output_, outcome_);
  if (!shown) co_return broken_off(output_, mark, std::move(shown).error());
  co_return co_await output_.drain_if_large();
}

Task<Result<void>> Answering::batch(std::span<const std::size_t> positions) {
  if (!records_) {
    for (const auto position : positions) {
      const auto entry = current_entry(position);
      print_entry(message(entry, position), command_, output_.buffer());
    }
    co_return co_await output_.drain_if_large();
  }
  POSTERN_CO_TRY(const auto found, co_await read_records(positions));
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto& record = found.at(i);
    const auto uid = context_.view->at(positions[i]).uid;
    if (!record || std::ranges::binary_search(context_.long_gone, uid)) {
      outcome_.some_gone = true;
      continue;
    }
    const auto entry = current_entry(positions[i]);
    auto wanted = message(entry, positions[i]);
    wanted.record = &*record;
    POSTERN_CO_CHECK(co_await show(wanted));
  }
  co_return co_await output_.drain_if_large();
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
  Answering answering{context, command, newest, output};
  const std::span<const std::size_t> all{positions};
  for (std::size_t begin = 0; begin < all.size(); begin += kBatch) {
    const auto count = std::min(kBatch, all.size() - begin);
    POSTERN_CO_CHECK(co_await answering.batch(all.subspan(begin, count)));
  }
  co_return std::move(answering).take_outcome();
}

}  // namespace postern::imapd
