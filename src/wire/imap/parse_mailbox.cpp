#include "imap/date.hpp"
#include "imap/parse.hpp"

// SELECT, EXAMINE and CREATE with their parameters (RFC 4466 §2.1-2.2), and APPEND.
namespace postern::imap {
namespace {

/// known-uids and the like: `*` and `$` are not allowed (RFC 7162 §7).
Parsed<SequenceSet> plain_set(Lexer& in) {
  POSTERN_TRY(auto set, parse_sequence_set(in));
  if (set.last_result || set.has_star()) return bad("'*' is not allowed here");
  return set;
}

/// `(uidvalidity modseq [known-uids] [(numbers uids)])`
Parsed<Select::QResync> qresync(Lexer& in) {
  Select::QResync sync{};
  POSTERN_CHECK(in.expect('('));
  POSTERN_TRY(sync.uid_validity, in.nz_number<std::uint32_t>());
  POSTERN_CHECK(in.space());
  POSTERN_TRY(sync.mod_seq, parse_mod_seq(in));
  if (in.eat_spaces() && text::is_digit(in.peek())) {
    POSTERN_TRY(sync.known_uids, plain_set(in));
    in.eat_spaces();
  }
  if (in.eat('(')) {
    POSTERN_TRY(auto numbers, plain_set(in));
    POSTERN_CHECK(in.space());
    POSTERN_TRY(auto uids, plain_set(in));
    POSTERN_CHECK(in.expect(')'));
    sync.seq_match = {std::move(numbers), std::move(uids)};
  }
  POSTERN_CHECK(in.expect(')'));
  return sync;
}

Parsed<void> select_parameter(Lexer& in, Select& select) {
  if (in.eat_word("CONDSTORE")) {
    select.condstore = true;
    return {};
  }
  if (!in.eat_word("QRESYNC")) return bad("unknown parameter");
  POSTERN_CHECK(in.space());
  POSTERN_TRY(select.qresync, qresync(in));
  return {};
}

Parsed<void> create_parameter(Lexer& in, Create& create) {
  if (!in.eat_word("USE")) return bad("unknown parameter");
  POSTERN_CHECK(in.space());
  return for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    if (item.peek() != '\\') return bad("special-use attribute expected");
    POSTERN_TRY(auto attribute, parse_flag(item));
    create.special_use.push_back(std::move(attribute));
    return {};
  });
}

Parsed<AppendMessage> append_message(Lexer& in) {
  AppendMessage message;
  POSTERN_CHECK(in.space());
  if (in.peek() == '(') {
    POSTERN_TRY(message.flags, parse_flag_list(in));
    POSTERN_CHECK(in.space());
  }
  if (in.peek() == '"') {
    POSTERN_TRY(message.date, parse_date_time(in));
    POSTERN_CHECK(in.space());
  }
  message.utf8 = in.eat_word("UTF8");
  if (message.utf8) {
    POSTERN_CHECK(in.space());
    POSTERN_CHECK(in.expect('('));
  }
  POSTERN_TRY(const auto mark, in.streamed_literal());
  message.size = mark.size;
  message.literal8 = mark.literal8;
  if (message.utf8 && !mark.literal8) return bad("literal8 expected");
  // At the moment when the literal begins the text ends here.
  if (message.utf8 && !in.at_end()) {
    POSTERN_CHECK(in.expect(')'));
  }
  return message;
}

}  // namespace

Parsed<Command> parse_select(Lexer& in, NameForm form, bool read_only) {
  Select select;
  select.read_only = read_only;
  POSTERN_CHECK(in.space());
  POSTERN_TRY(select.mailbox, parse_mailbox(in, form));
  in.eat_spaces();
  if (in.peek() == '(') {
    POSTERN_CHECK(
        for_each_in_parentheses(in, [&](Lexer& item) { return select_parameter(item, select); }));
  }
  return select;
}

Parsed<Command> parse_create(Lexer& in, NameForm form) {
  Create create;
  POSTERN_CHECK(in.space());
  POSTERN_TRY(create.mailbox, parse_mailbox(in, form));
  in.eat_spaces();
  if (in.peek() == '(') {
    POSTERN_CHECK(
        for_each_in_parentheses(in, [&](Lexer& item) { return create_parameter(item, create); }));
  }
  return create;
}

Parsed<Command> parse_append(Lexer& in, NameForm form) {
  Append append;
  POSTERN_CHECK(in.space());
  POSTERN_TRY(append.mailbox, parse_mailbox(in, form));
  do {
    POSTERN_TRY(auto message, append_message(in));
    append.messages.push_back(std::move(message));
  } while (!in.at_end());
  return append;
}

}  // namespace postern::imap
