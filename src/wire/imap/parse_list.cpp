#include <algorithm>

#include "imap/parse.hpp"

// LIST and LSUB (RFC 9051 §6.3.9, RFC 5258 §6, RFC 5819 §4, RFC 6154 §6, RFC 3501 §6.3.9).
namespace postern::imap {
namespace {

constexpr std::size_t kMaxPatterns = 100;

Parsed<void> selection_options(Lexer& in, List& list) {
  auto& select = list.select;
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    const auto word = item.keyword();
    if (text::iequals(word, "SUBSCRIBED"))
      select.subscribed = true;
    else if (text::iequals(word, "REMOTE"))
      select.remote = true;
    else if (text::iequals(word, "RECURSIVEMATCH"))
      select.recursive_match = true;
    else if (text::iequals(word, "SPECIAL-USE"))
      select.special_use = true;
    else
      return bad("unknown selection option");
    return {};
  }));
  // RFC 5258 §3.1: a modifier needs a base option; REMOTE is none.
  if (select.recursive_match && !select.subscribed && !select.special_use)
    return bad("RECURSIVEMATCH needs another selection option");
  return {};
}

Parsed<void> return_options(Lexer& in, List& list) {
  auto& returns = list.returns;
  return for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    const auto word = item.keyword();
    if (text::iequals(word, "SUBSCRIBED")) {
      returns.subscribed = true;
    } else if (text::iequals(word, "CHILDREN")) {
      returns.children = true;
    } else if (text::iequals(word, "SPECIAL-USE")) {
      returns.special_use = true;
    } else if (text::iequals(word, "STATUS")) {
      POSTERN_CHECK(item.space());
      POSTERN_TRY(returns.status, parse_status_items(item));
    } else {
      return bad("unknown return option");
    }
    return {};
  });
}

Parsed<void> patterns(Lexer& in, NameForm form, List& list) {
  const auto one = [&](Lexer& item) -> Parsed<void> {
    if (list.patterns.size() == kMaxPatterns) return no("LIMIT", "too many patterns");
    POSTERN_TRY(const auto wire, item.list_mailbox());
    POSTERN_TRY(auto pattern, decoded_mailbox(wire, form));
    list.patterns.push_back(std::move(pattern));
    return {};
  };
  if (in.peek() != '(') return one(in);
  list.extended = true;
  POSTERN_CHECK(for_each_in_parentheses(in, one));
  if (list.patterns.empty()) return bad("mailbox pattern expected");
  return {};
}

}  // namespace

Parsed<Command> parse_list(Lexer& in, NameForm form) {
  List list;
  POSTERN_CHECK(in.space());
  if (in.peek() == '(') {
    list.extended = true;
    POSTERN_CHECK(selection_options(in, list));
    POSTERN_CHECK(in.space());
  }
  POSTERN_TRY(list.reference, parse_mailbox(in, form));
  POSTERN_CHECK(in.space());
  POSTERN_CHECK(patterns(in, form, list));
  in.eat_spaces();
  if (in.eat_word("RETURN")) {
    list.extended = true;
    in.eat_spaces();
    POSTERN_CHECK(return_options(in, list));
  }
  return list;
}

Parsed<Command> parse_lsub(Lexer& in, NameForm form) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto reference, parse_mailbox(in, form));
  POSTERN_CHECK(in.space());
  POSTERN_TRY(const auto wire, in.list_mailbox());
  POSTERN_TRY(auto pattern, decoded_mailbox(wire, form));
  return Lsub{std::move(reference), std::move(pattern)};
}

}  // namespace postern::imap
