#include <array>

#include "imap/date.hpp"
#include "imap/parse.hpp"
#include "text/utf8.hpp"

// SEARCH (RFC 9051 §6.4.4 and §9, RFC 7162 §3.1.5, RFC 5032, RFC 8474 §6, RFC 8514 §4.3).
namespace postern::imap {
namespace {

/// Bounds of one SEARCH while it is parsed.
struct Budget {
  std::size_t keys_left = kMaxSearchKeys;
  int depth_left = kMaxSearchDepth;
};

Parsed<SearchKey> search_key(Lexer& in, Budget& budget);

Parsed<std::string> search_text(Lexer& in) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto value, in.astring());
  if (!text::is_utf8(value)) return bad("search text is not UTF-8");
  return value;
}

struct FlagWord {
  std::string_view name;
  std::string_view flag;
  bool set;
};
constexpr auto kFlags = std::to_array<FlagWord>({
    {"ANSWERED", "\\Answered", true},
    {"DELETED", "\\Deleted", true},
    {"DRAFT", "\\Draft", true},
    {"FLAGGED", "\\Flagged", true},
    {"SEEN", "\\Seen", true},
    {"RECENT", "\\Recent", true},
    {"UNANSWERED", "\\Answered", false},
    {"UNDELETED", "\\Deleted", false},
    {"UNDRAFT", "\\Draft", false},
    {"UNFLAGGED", "\\Flagged", false},
    {"UNSEEN", "\\Seen", false},
    {"OLD", "\\Recent", false},
});

struct DateWord {
  std::string_view name;
  SearchDate::Field field;
  SearchDate::Op op;
};
constexpr auto kDates = std::to_array<DateWord>({
    {"BEFORE", SearchDate::Field::internal, SearchDate::Op::before},
    {"ON", SearchDate::Field::internal, SearchDate::Op::on},
    {"SINCE", SearchDate::Field::internal, SearchDate::Op::since},
    {"SENTBEFORE", SearchDate::Field::sent, SearchDate::Op::before},
    {"SENTON", SearchDate::Field::sent, SearchDate::Op::on},
    {"SENTSINCE", SearchDate::Field::sent, SearchDate::Op::since},
    {"SAVEDBEFORE", SearchDate::Field::saved, SearchDate::Op::before},
    {"SAVEDON", SearchDate::Field::saved, SearchDate::Op::on},
    {"SAVEDSINCE", SearchDate::Field::saved, SearchDate::Op::since},
});

constexpr auto kHeaderWords = std::to_array<std::string_view>({"From", "To", "Cc", "Bcc"});

Parsed<SearchKey> keyword(Lexer& in, bool set) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto flag, parse_flag(in));
  return SearchKey{SearchFlag{std::move(flag), set}};
}

Parsed<SearchKey> header(Lexer& in) {
  POSTERN_TRY(auto field, search_text(in));
  POSTERN_TRY(auto value, search_text(in));
  return SearchKey{SearchHeader{std::move(field), std::move(value)}};
}

Parsed<SearchKey> size(Lexer& in, bool larger) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(const auto octets, in.number<std::uint64_t>());
  return SearchKey{SearchSize{larger, octets}};
}

Parsed<SearchKey> age(Lexer& in, bool older) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(const auto seconds, in.nz_number<std::uint32_t>());
  return SearchKey{SearchAge{older, seconds}};
}

Parsed<SearchKey> mod_seq(Lexer& in) {
  POSTERN_CHECK(in.space());
  if (in.peek() == '"') {
    POSTERN_TRY(const auto entry, in.string());
    if (!text::istarts_with(entry, "/flags/")) return bad("unknown metadata item");
    POSTERN_CHECK(in.space());
    if (!in.eat_word("priv") && !in.eat_word("shared") && !in.eat_word("all"))
      return bad("unknown metadata type");
    POSTERN_CHECK(in.space());
  }
  POSTERN_TRY(const auto value, parse_mod_seq(in));
  return SearchKey{SearchModSeq{value}};
}

Parsed<SearchKey> object_id(Lexer& in, bool thread) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(const auto id, in.atom());
  return SearchKey{SearchObjectId{thread, std::string{id}}};
}

Parsed<SearchKey> uids(Lexer& in) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(auto set, parse_sequence_set(in));
  return SearchKey{SearchNumbers{std::move(set), true}};
}

Parsed<SearchKey> negation(Lexer& in, Budget& budget) {
  POSTERN_CHECK(in.space());
  SearchNot node;
  POSTERN_TRY(auto key, search_key(in, budget));
  node.keys.push_back(std::move(key));
  return SearchKey{std::move(node)};
}

Parsed<SearchKey> either(Lexer& in, Budget& budget) {
  SearchOr node;
  for (int i = 0; i < 2; ++i) {
    POSTERN_CHECK(in.space());
    POSTERN_TRY(auto key, search_key(in, budget));
    node.keys.push_back(std::move(key));
  }
  return SearchKey{std::move(node)};
}

Parsed<SearchKey> all_of(Lexer& in, Budget& budget) {
  SearchAnd node;
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    POSTERN_TRY(auto key, search_key(item, budget));
    node.keys.push_back(std::move(key));
    return {};
  }));
  if (node.keys.empty()) return bad("search key expected");
  return SearchKey{std::move(node)};
}

SearchKey new_messages() {
  SearchAnd node;
  node.keys.push_back({SearchFlag{"\\Recent", true}});
  node.keys.push_back({SearchFlag{"\\Seen", false}});
  return {std::move(node)};
}

/// Keys found in a table; nothing: the word is in none.
Parsed<std::optional<SearchKey>> from_tables(Lexer& in, std::string_view word) {
  for (const auto& [name, flag, set] : kFlags)
    if (text::iequals(word, name)) return SearchKey{SearchFlag{std::string{flag}, set}};
  for (const auto& [name, field, op] : kDates) {
    if (!text::iequals(word, name)) continue;
    POSTERN_CHECK(in.space());
    POSTERN_TRY(const auto day, parse_date(in));
    return SearchKey{SearchDate{field, op, day}};
  }
  for (const auto name : kHeaderWords) {
    if (!text::iequals(word, name)) continue;
    POSTERN_TRY(auto value, search_text(in));
    return SearchKey{SearchHeader{std::string{name}, std::move(value)}};
  }
  if (text::iequals(word, "SUBJECT")) {
    POSTERN_TRY(auto value, search_text(in));
    return SearchKey{SearchSubject{std::move(value)}};
  }
  return std::nullopt;
}

Parsed<SearchKey> named_key(Lexer& in, Budget& budget) {
  const auto word = in.keyword();
  const auto is = [&](std::string_view name) { return text::iequals(word, name); };
  POSTERN_TRY(auto found, from_tables(in, word));
  if (found) return *std::move(found);
  if (is("ALL")) return SearchKey{SearchAnd{}};
  if (is("NOT")) return negation(in, budget);
  if (is("OR")) return either(in, budget);
  if (is("UID")) return uids(in);
  if (is("NEW")) return new_messages();
  if (is("KEYWORD")) return keyword(in, true);
  if (is("UNKEYWORD")) return keyword(in, false);
  if (is("HEADER")) return header(in);
  if (is("LARGER")) return size(in, true);
  if (is("SMALLER")) return size(in, false);
  if (is("MODSEQ")) return mod_seq(in);
  if (is("OLDER")) return age(in, true);
  if (is("YOUNGER")) return age(in, false);
  if (is("EMAILID")) return object_id(in, false);
  if (is("THREADID")) return object_id(in, true);
  if (is("SAVEDATESUPPORTED")) return SearchKey{SearchSaveDateSupported{}};
  if (is("BODY") || is("TEXT")) {
    POSTERN_TRY(auto value, search_text(in));
    return SearchKey{SearchText{is("TEXT"), std::move(value)}};
  }
  return bad("unknown search key");
}

Parsed<SearchKey> any_key(Lexer& in, Budget& budget) {
  const char c = in.peek();
  if (c == '(') return all_of(in, budget);
  if (c != '$' && c != '*' && !text::is_digit(c)) return named_key(in, budget);
  POSTERN_TRY(auto set, parse_sequence_set(in));
  return SearchKey{SearchNumbers{std::move(set), false}};
}

Parsed<SearchKey> search_key(Lexer& in, Budget& budget) {
  if (budget.depth_left == 0) return no("LIMIT", "search nested too deeply");
  if (budget.keys_left == 0) return no("LIMIT", "too many search keys");
  --budget.keys_left;
  --budget.depth_left;
  auto key = any_key(in, budget);
  ++budget.depth_left;
  return key;
}

Parsed<Search::Return> return_options(Lexer& in) {
  Search::Return wanted;
  in.eat_spaces();
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    const auto word = item.keyword();
    if (text::iequals(word, "MIN"))
      wanted.min = true;
    else if (text::iequals(word, "MAX"))
      wanted.max = true;
    else if (text::iequals(word, "ALL"))
      wanted.all = true;
    else if (text::iequals(word, "COUNT"))
      wanted.count = true;
    else if (text::iequals(word, "SAVE"))
      wanted.save = true;
    else
      return bad("unknown return option");
    return {};
  }));
  // RFC 4731 §3.1: an empty list means ALL.
  if (!wanted.min && !wanted.max && !wanted.count && !wanted.save) wanted.all = true;
  return wanted;
}

Parsed<void> charset(Lexer& in) {
  POSTERN_CHECK(in.space());
  POSTERN_TRY(const auto name, in.astring());
  if (!text::iequals(name, "UTF-8") && !text::iequals(name, "US-ASCII"))
    return no("BADCHARSET (UTF-8 US-ASCII)", "charset not supported");
  return in.space();
}

}  // namespace

Parsed<Command> parse_search(Lexer& in, bool uid) {
  Search search;
  search.uid = uid;
  POSTERN_CHECK(in.space());
  if (in.eat_word("RETURN")) {
    POSTERN_TRY(search.returns, return_options(in));
    POSTERN_CHECK(in.space());
  }
  if (in.eat_word("CHARSET")) {
    POSTERN_CHECK(charset(in));
  }
  Budget budget;
  SearchAnd all;
  do {
    POSTERN_TRY(auto key, search_key(in, budget));
    all.keys.push_back(std::move(key));
  } while (in.eat_spaces() && !in.at_end());
  if (all.keys.size() == 1) {
    search.key = std::move(all.keys.front());
  } else {
    search.key = {std::move(all)};
  }
  return search;
}

}  // namespace postern::imap
