#include "sim/imap_user.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::sim {
namespace {

struct Name {
  State flag;
  std::string_view text;
};
constexpr std::array kNames{Name{kSeen, "\\Seen"}, Name{kAnswered, "\\Answered"},
                            Name{kFlagged, "\\Flagged"}, Name{kDeleted, "\\Deleted"},
                            Name{kKeyword, kKeywordName}};

std::string flag_list(State state) {
  std::string out;
  for (const auto& name : kNames)
    if ((state & name.flag) != 0) out += (out.empty() ? "" : " ") + std::string{name.text};
  return "(" + out + ")";
}

State parse_flags(std::string_view list) {
  unsigned out = 0;
  for (const auto& name : kNames)
    if (list.contains(name.text)) out |= name.flag;
  return static_cast<State>(out);
}

/// The number that begins right after `key`.
std::optional<std::uint32_t> number_after(std::string_view line, std::string_view key) {
  const auto at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + key.size());
  return text::parse_number<std::uint32_t>(line.substr(0, line.find_first_not_of("0123456789")));
}

/// The last number of a response code such as [COPYUID 1 2 3].
std::optional<Uid> last_of_code(std::string_view line, std::string_view code) {
  const auto at = line.find(code);
  if (at == std::string_view::npos) return std::nullopt;
  line = line.substr(at, line.find(']', at) - at);
  const auto number = text::parse_number<std::uint32_t>(line.substr(line.rfind(' ') + 1));
  if (!number) return std::nullopt;
  return Uid{*number};
}

}  // namespace

Task<> ImapUser::run() {
  while (!over()) {
    const Duration pause{static_cast<std::int64_t>(chance_.below(8000))};
    co_await sleep(life_.machine().core(), pause);
    if (over()) break;
    (void)co_await connection();
  }
}

Task<Result<void>> ImapUser::connection() {
  mirror_.clear();
  selected_ = {};
  LineClient client{knock_(node_, Door::imaps)};
  POSTERN_CO_CHECK(co_await client.begin_tls());
  POSTERN_CO_CHECK(co_await client.line());
  POSTERN_CO_TRY(const auto login,
                 co_await command(client, "LOGIN " + slot_.address + " " + slot_.password));
  const auto inbox = slot_.model->box_named("INBOX");
  if (!login.ok || !inbox) co_return Result<void>{};
  POSTERN_CO_TRY(const auto selected, co_await command(client, "SELECT INBOX (CONDSTORE)"));
  if (!selected.ok) co_return Result<void>{};
  selected_ = *inbox;
  POSTERN_CO_CHECK(co_await command(client, "UID FETCH 1:* (UID FLAGS)"));
  for (std::size_t n = chance_.between(2, 12); n > 0 && !over(); --n) {
    POSTERN_CO_CHECK(co_await one(client, *inbox));
    const Duration pause{static_cast<std::int64_t>(chance_.below(3000))};
    co_await sleep(life_.machine().core(), pause);
  }
  POSTERN_CO_CHECK(co_await command(client, "LOGOUT"));
  co_return Result<void>{};
}

Task<Result<void>> ImapUser::one(LineClient& client, MailboxId inbox) {
  ++shared_.operations;
  if (habit_ == Habit::waits && !chance_.once_in(6)) co_return co_await idle(client, inbox);
  switch (chance_.below(12)) {
    case 0:
    case 1: co_return co_await change_flags(client, inbox);
    case 2: co_return co_await expunge(client, inbox);
    case 3:
    case 4: co_return co_await append(client, inbox);
    case 5: co_return co_await move(client, inbox);
    case 6:
    case 7:
    case 8: co_return co_await idle(client, inbox);
    case 9:
      if (chance_.once_in(3)) co_return co_await rename_inbox(client, inbox);
      co_return co_await compare(client, inbox);
    default: co_return co_await compare(client, inbox);
  }
}

Task<Result<ImapUser::Answer>> ImapUser::command(LineClient& client, std::string words) {
  const auto label = fmt::format("c{}", ++commands_);
  POSTERN_CO_CHECK(co_await client.send(label + " " + words + "\r\n"));
  co_return co_await finish_command(client, label);
}

Task<Result<ImapUser::Answer>> ImapUser::finish_command(LineClient& client,
                                                        std::string_view label) {
  const std::string mine = std::string{label} + " ";
  for (;;) {
    POSTERN_CO_TRY(const auto line, co_await client.line());
    if (line.starts_with("* ")) take_untagged(std::string_view{line}.substr(2));
    if (!line.starts_with(mine)) continue;
    const auto rest = line.substr(mine.size());
    if (rest.starts_with("BAD")) breach_("IMAP: " + rest);
    co_return Answer{.ok = rest.starts_with("OK"), .text = rest};
  }
}

void ImapUser::take_untagged(std::string_view line) {
  const auto space = line.find(' ');
  const auto number = text::parse_number<std::size_t>(line.substr(0, space));
  if (!number) return;
  const auto word = line.substr(space + 1);
  if (word == "EXISTS") {
    if (*number < mirror_.size()) breach_("IMAP: EXISTS shrank");
    mirror_.resize(*number);
    note_next();
  } else if (word == "EXPUNGE") {
    if (*number == 0 || *number > mirror_.size()) {
      breach_("IMAP: EXPUNGE of a message that is not there");
    } else {
      take_expunge(*number);
    }
  } else if (word.starts_with("FETCH")) {
    take_fetch(*number, word);
  }
}

void ImapUser::take_expunge(std::size_t number) {
  const auto seen = mirror_.begin() + static_cast<std::ptrdiff_t>(number - 1);
  if (seen->uid && selected_ != MailboxId{}) slot_.model->told_gone({selected_, *seen->uid});
  mirror_.erase(seen);
}

/// Each message that is there has a UID above the one before it.
void ImapUser::note_next() {
  if (selected_ == MailboxId{}) return;
  std::uint32_t uid = 0;
  for (const auto& seen : mirror_) uid = seen.uid ? seen.uid->value() : uid + 1;
  slot_.model->told_next(selected_, Uid{uid + 1});
}

void ImapUser::take_fetch(std::size_t number, std::string_view line) {
  if (number == 0 || number > mirror_.size())
    return breach_("IMAP: FETCH of a message that is not there");
  auto& seen = mirror_[number - 1];
  if (const auto uid = number_after(line, "UID ")) {
    if (seen.uid && *seen.uid != Uid{*uid}) breach_("IMAP: a sequence number changed its UID");
    seen.uid = Uid{*uid};
  }
  if (const auto modseq = number_after(line, "MODSEQ ("); modseq && selected_ != MailboxId{})
    slot_.model->told_modseq(selected_, ModSeq{*modseq});
  const auto at = line.find("FLAGS (");
  if (at == std::string_view::npos) return;
  const auto list = line.substr(at, line.find(')', at) - at);
  seen.state = parse_flags(list);
}

/// NOOP brings all news: if the mailbox was the same before and after it, so is the picture.
Task<Result<void>> ImapUser::compare(LineClient& client, MailboxId inbox) {
  const auto session = life_.store().open(slot_.account, slot_.address);
  POSTERN_CO_TRY(const auto before, co_await session->view(inbox));
  POSTERN_CO_TRY(const auto noop, co_await command(client, "NOOP"));
  if (!noop.ok) co_return Result<void>{};
  POSTERN_CO_CHECK(co_await command(client, "UID FETCH 1:* (UID FLAGS)"));
  if (life_.dead()) co_return fail(Errc::peer_closed);
  POSTERN_CO_TRY(const auto after, co_await session->view(inbox));
  if (before->info().highest_modseq != after->info().highest_modseq) co_return Result<void>{};
  bool same = mirror_.size() == after->size();
  for (std::size_t i = 0; same && i < mirror_.size(); ++i) {
    same = mirror_[i].uid == after->at(i).uid &&
           mirror_[i].state == to_state(after->at(i).flags, after->info().keywords);
  }
  if (!same) {
    breach_(fmt::format("IMAP: {} has another picture of INBOX ({} messages, {} published)",
                        slot_.address, mirror_.size(), after->size()));
  }
  shared_.mix(mirror_.size());
  co_return Result<void>{};
}

std::optional<Place> ImapUser::pick(MailboxId inbox) {
  if (mirror_.empty()) return std::nullopt;
  const auto& seen = mirror_[chance_.below(mirror_.size())];
  if (!seen.uid || slot_.model->tag_at({inbox, *seen.uid}) == Tag{}) return std::nullopt;
  return Place{inbox, *seen.uid};
}

/// What a client may conclude from an answer: only OK says that all is done.
void ImapUser::end(OpId op, const Result<Answer>& answer, std::vector<Effect> effects,
                   const std::vector<Born>& born) {
  if (life_.dead()) return;
  if (!answer || !answer->ok) return slot_.model->unknown(op);
  ++shared_.acknowledged;
  shared_.mix(born.empty() ? effects.size() : born.front().place.uid.value());
  slot_.model->done(op, effects, born);
}

Task<Result<void>> ImapUser::change_flags(LineClient& client, MailboxId inbox) {
  const auto place = pick(inbox);
  if (!place) co_return Result<void>{};
  constexpr std::array signs{"+", "-", ""};
  constexpr std::array kinds{Change::Kind::add, Change::Kind::remove, Change::Kind::replace};
  const std::size_t which = chance_.below(signs.size());
  const auto flags = static_cast<State>(chance_.below(kGone));
  const OpId op = slot_.model->begin(
      {.what = "STORE", .targets = {*place}, .change = {.kind = kinds.at(which), .flags = flags}});
  const auto answer =
      co_await command(client, fmt::format("UID STORE {} {}FLAGS {}", place->uid.value(),
                                           signs.at(which), flag_list(flags)));
  end(op, answer, {Effect::either}, {});
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> ImapUser::expunge(LineClient& client, MailboxId inbox) {
  const auto place = pick(inbox);
  if (!place) co_return Result<void>{};
  const OpId op = slot_.model->begin(
      {.what = "EXPUNGE", .targets = {*place}, .change = {.kind = Change::Kind::expunge}});
  const auto answer = co_await command(client, fmt::format("UID EXPUNGE {}", place->uid.value()));
  end(op, answer, {Effect::either}, {});
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> ImapUser::append(LineClient& client, MailboxId inbox) {
  const Tag tag = shared_.new_tag();
  const auto flags = static_cast<State>(chance_.below(kGone));
  const std::string mail = make_mail(tag);
  const OpId op = slot_.model->begin(
      {.what = "APPEND", .births = {{.tag = tag, .box = inbox, .states = only(flags)}}});
  const auto answer = co_await command(
      client, fmt::format("APPEND INBOX {} {{{}+}}\r\n{}", flag_list(flags), mail.size(), mail));
  const auto uid = answer ? last_of_code(answer->text, "[APPENDUID ") : std::nullopt;
  if (answer && answer->ok && !uid) breach_("IMAP: APPEND without APPENDUID: " + answer->text);
  end(op, answer, {}, {{{inbox, uid.value_or(Uid{})}, tag}});
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> ImapUser::move(LineClient& client, MailboxId inbox) {
  const auto place = pick(inbox);
  const auto archive = slot_.model->box_named("Archive");
  if (!place || !archive) co_return Result<void>{};
  const Tag tag = slot_.model->tag_at(*place);
  if (slot_.model->expects(tag)) co_return Result<void>{};
  const OpId op = slot_.model->begin({.what = "MOVE",
                                      .targets = {*place},
                                      .change = {.kind = Change::Kind::vanish},
                                      .births = {{.tag = tag, .box = archive, .source = *place}}});
  // COPYUID may come untagged before the EXPUNGE (RFC 6851 §4.3): the copy then has no known UID.
  const auto answer =
      co_await command(client, fmt::format("UID MOVE {} Archive", place->uid.value()));
  if (life_.dead()) co_return fail(Errc::peer_closed);
  slot_.model->unknown(op);
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

/// INBOX stays, its messages go to a new mailbox (RFC 9051 §6.3.6).
Task<Result<void>> ImapUser::rename_inbox(LineClient& client, MailboxId inbox) {
  if (slot_.model->boxes_change()) co_return Result<void>{};
  const auto to = fmt::format("Old {}", shared_.new_tag().value());
  const OpId op = slot_.model->begin(plan_to_empty(*slot_.model, inbox, to));
  const auto answer = co_await command(client, "RENAME INBOX \"" + to + "\"");
  if (life_.dead()) co_return fail(Errc::peer_closed);
  if (answer && answer->ok) {
    ++shared_.acknowledged;
    slot_.model->done_emptying(op);
  } else {
    slot_.model->unknown(op);
  }
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

}  // namespace postern::sim
