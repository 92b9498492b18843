#include <algorithm>
#include <array>

#include "imap/command.hpp"
#include "imap/parse.hpp"
#include "text/base64.hpp"

namespace postern::imap {
namespace {

template <class C>
Parsed<Command> bare(Lexer&, NameForm) {
  return C{};
}

Parsed<Command> login(Lexer& in, NameForm) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto user, in.lenient_astring());
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto password, in.lenient_astring());
  return Login{std::move(user), Secret<std::string>{std::move(password)}};
}

Parsed<Command> authenticate(Lexer& in, NameForm) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(const auto mechanism, in.atom());
  Authenticate command{text::upper(mechanism), std::nullopt};
  in.eat_spaces();
  if (in.at_end()) return command;
  const auto response = in.take_while([](char c) { return c != ' '; });
  auto octets = response == "=" ? std::string{} : text::from_base64(response);
  if (!octets) return bad("initial response is not base64");
  command.initial_response = Secret<std::string>{std::move(*octets)};
  return command;
}

Parsed<Command> id(Lexer& in, NameForm) {
  POSTERN_CHECK(in.space());
  Id command;
  if (in.eat_word("NIL")) return command;
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    POSTERN_TRY(auto field, item.string());
    POSTERN_CHECK(item.space());
    POSTERN_TRY(auto value, item.nstring());
    if (value) command.fields.emplace_back(std::move(field), std::move(*value));
    return {};
  }));
  return command;
}

Parsed<Command> enable(Lexer& in, NameForm) {
  Enable command;
  POSTERN_CHECK(in.space());
  do {
    POSTERN_TRY(const auto name, in.atom());
    command.capabilities.push_back(text::upper(name));
  } while (in.eat_spaces() && !in.at_end());
  return command;
}

Parsed<Command> select(Lexer& in, NameForm form) {
  return parse_select(in, form, false);
}
Parsed<Command> examine(Lexer& in, NameForm form) {
  return parse_select(in, form, true);
}

template <class C>
Parsed<Command> on_mailbox(Lexer& in, NameForm form) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto mailbox, parse_mailbox(in, form));
  return C{std::move(mailbox)};
}

Parsed<Command> rename(Lexer& in, NameForm form) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto from, parse_mailbox(in, form));
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto to, parse_mailbox(in, form));
  return Rename{std::move(from), std::move(to)};
}

template <bool subscribed>
Parsed<Command> subscribe(Lexer& in, NameForm form) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto mailbox, parse_mailbox(in, form));
  return Subscribe{std::move(mailbox), subscribed};
}

Parsed<Command> status(Lexer& in, NameForm form) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto mailbox, parse_mailbox(in, form));
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto items, parse_status_items(in));
  return StatusOf{std::move(mailbox), std::move(items)};
}

Parsed<Command> copy_or_move(Lexer& in, NameForm form, bool uid, bool move) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto set, parse_sequence_set(in));
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto mailbox, parse_mailbox(in, form));
  return Copy{uid, move, std::move(set), std::move(mailbox)};
}

template <bool uid>
Parsed<Command> copy(Lexer& in, NameForm form) {
  return copy_or_move(in, form, uid, false);
}
template <bool uid>
Parsed<Command> move(Lexer& in, NameForm form) {
  return copy_or_move(in, form, uid, true);
}
template <bool uid>
Parsed<Command> fetch(Lexer& in, NameForm) {
  return parse_fetch(in, uid);
}
template <bool uid>
Parsed<Command> store(Lexer& in, NameForm) {
  return parse_store(in, uid);
}
template <bool uid>
Parsed<Command> search(Lexer& in, NameForm) {
  return parse_search(in, uid);
}

Parsed<Command> uid_expunge(Lexer& in, NameForm) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto set, parse_sequence_set(in));
  return Expunge{std::move(set)};
}

struct Entry {
  std::string_view name;
  Parsed<Command> (*parse)(Lexer&, NameForm);
};

constexpr auto kUidCommands = std::to_array<Entry>({
    {"FETCH", fetch<true>},
    {"STORE", store<true>},
    {"SEARCH", search<true>},
    {"COPY", copy<true>},
    {"MOVE", move<true>},
    {"EXPUNGE", uid_expunge},
});

Parsed<Command> uid_command(Lexer& in, NameForm form) {
  POSTERN_CHECK(in.space());
  const auto name = in.keyword();
  for (const auto& entry : kUidCommands)
    if (text::iequals(name, entry.name)) return entry.parse(in, form);
  return bad("unknown UID command");
}

constexpr auto kCommands = std::to_array<Entry>({
    {"UID", uid_command},
    {"FETCH", fetch<false>},
    {"STORE", store<false>},
    {"SEARCH", search<false>},
    {"COPY", copy<false>},
    {"MOVE", move<false>},
    {"IDLE", bare<Idle>},
    {"NOOP", bare<Noop>},
    {"CHECK", bare<Check>},
    {"STATUS", status},
    {"SELECT", select},
    {"EXAMINE", examine},
    {"LIST", parse_list},
    {"LSUB", parse_lsub},
    {"APPEND", parse_append},
    {"EXPUNGE", bare<Expunge>},
    {"CLOSE", bare<Close>},
    {"UNSELECT", bare<Unselect>},
    {"CREATE", parse_create},
    {"DELETE", on_mailbox<Delete>},
    {"RENAME", rename},
    {"SUBSCRIBE", subscribe<true>},
    {"UNSUBSCRIBE", subscribe<false>},
    {"CAPABILITY", bare<Capability>},
    {"LOGIN", login},
    {"AUTHENTICATE", authenticate},
    {"STARTTLS", bare<StartTls>},
    {"ENABLE", enable},
    {"ID", id},
    {"NAMESPACE", bare<Namespace>},
    {"LOGOUT", bare<Logout>},
});

constexpr std::size_t kMaxTag = 256;

constexpr bool is_tag_char(char c) {
  return c != '+' && is_astring_char(c);
}

Parsed<Command> named_command(Lexer& in, NameForm form) {
  in.eat_spaces();
  if (in.at_end()) return bad("command expected");
  const auto name = in.keyword();
  for (const auto& entry : kCommands) {
    if (!text::iequals(name, entry.name)) continue;
    POSTERN_TRY(auto command, entry.parse(in, form));
    POSTERN_CHECK(in.end());
    return command;
  }
  return bad("unknown command");
}

}  // namespace

std::string tag_of(std::string_view text) {
  Lexer in{text};
  in.eat_spaces();
  const auto tag = in.take_while(is_tag_char);
  const bool whole = in.at_end() || in.peek() == ' ';
  if (tag.empty() || tag.size() > kMaxTag || !whole) return "*";
  return std::string{tag};
}

std::expected<Request, Refusal> parse_command(std::string_view text, NameForm form) {
  auto tag = tag_of(text);
  if (tag == "*") return std::unexpected(Refusal{std::move(tag), {.text = "tag expected"}});
  Lexer in{text};
  in.eat_spaces();
  in.take_while(is_tag_char);
  auto command = named_command(in, form);
  if (!command) return std::unexpected(Refusal{std::move(tag), command.error()});
  return Request{std::move(tag), *std::move(command)};
}

bool is_done(std::string_view line) {
  return text::iequals(text::trim(line), "DONE");
}

}  // namespace postern::imap
