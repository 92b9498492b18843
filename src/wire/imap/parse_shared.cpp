#include <algorithm>
#include <array>

#include "imap/parse.hpp"

namespace postern::imap {
namespace {

/// System flags (RFC 9051 §2.3.2) and the special-use attributes (RFC 6154 §2, RFC 8457 §3).
constexpr auto kBackslashWords = std::to_array<std::string_view>(
    {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "\\Recent", "\\All", "\\Archive",
     "\\Drafts", "\\Junk", "\\Sent", "\\Trash", "\\Important"});

constexpr std::uint64_t kMaxModSeq = 0x7FFF'FFFF'FFFF'FFFF;

}  // namespace

std::string canonical_flag(std::string_view flag) {
  for (const auto word : kBackslashWords)
    if (text::iequals(flag, word)) return std::string{word};
  return std::string{flag};
}

Parsed<std::string> decoded_mailbox(const std::string& wire, NameForm form) {
  auto name = decode_mailbox(wire, form);
  if (!name) return no("CANNOT", "mailbox name is not in the right encoding");
  return *std::move(name);
}

Parsed<std::string> parse_mailbox(Lexer& in, NameForm form) {
  POSTERN_TRY(const auto wire, in.astring());
  return decoded_mailbox(wire, form);
}

Parsed<std::string> parse_flag(Lexer& in) {
  const auto before = in.rest();
  in.eat('\\');
  POSTERN_TRY(const auto word, in.atom());
  return canonical_flag(before.substr(0, word.size() + (before.starts_with('\\') ? 1 : 0)));
}

Parsed<std::vector<std::string>> parse_flag_list(Lexer& in) {
  std::vector<std::string> flags;
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    POSTERN_TRY(auto flag, parse_flag(item));
    if (flag != "\\Recent") flags.push_back(std::move(flag));
    return {};
  }));
  return flags;
}

Parsed<std::vector<StatusItem>> parse_status_items(Lexer& in) {
  std::vector<StatusItem> items;
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& list) -> Parsed<void> {
    POSTERN_TRY(const auto item, parse_status_item(list));
    if (std::ranges::find(items, item) == items.end()) items.push_back(item);
    return {};
  }));
  if (items.empty()) return bad("status item expected");
  return items;
}

Parsed<std::uint64_t> parse_mod_seq(Lexer& in) {
  POSTERN_TRY(const auto value, in.number<std::uint64_t>());
  if (value > kMaxModSeq) return bad("mod-sequence out of range");
  return value;
}

}  // namespace postern::imap
