#include <algorithm>
#include <array>

#include "imap/parse.hpp"

// FETCH and STORE (RFC 9051 §6.4.5-6.4.6, RFC 3516 §7, RFC 7162 §7).
namespace postern::imap {
namespace {

using Kind = FetchItem::Kind;
using Text = Section::Text;

struct Plain {
  std::string_view name;
  Kind kind;
};

/// Items that are one word. BODY is here for the case without a section.
constexpr auto kPlain = std::to_array<Plain>({
    {"UID", Kind::uid},
    {"FLAGS", Kind::flags},
    {"INTERNALDATE", Kind::internal_date},
    {"RFC822.SIZE", Kind::rfc822_size},
    {"ENVELOPE", Kind::envelope},
    {"BODY", Kind::body},
    {"BODYSTRUCTURE", Kind::body_structure},
    {"MODSEQ", Kind::mod_seq},
    {"EMAILID", Kind::email_id},
    {"THREADID", Kind::thread_id},
    {"SAVEDATE", Kind::save_date},
    {"RFC822", Kind::rfc822},
    {"RFC822.HEADER", Kind::rfc822_header},
    {"RFC822.TEXT", Kind::rfc822_text},
});

struct Sectioned {
  std::string_view name;
  Kind kind;
  bool peek;
};

constexpr auto kSectioned = std::to_array<Sectioned>({
    {"BODY", Kind::section, false},
    {"BODY.PEEK", Kind::section, true},
    {"BINARY", Kind::binary, false},
    {"BINARY.PEEK", Kind::binary, true},
    {"BINARY.SIZE", Kind::binary_size, true},
});

struct Macro {
  std::string_view name;
  std::size_t count;  ///< of kMacroItems
};
constexpr std::array kMacroItems = {Kind::flags, Kind::internal_date, Kind::rfc822_size,
                                    Kind::envelope, Kind::body};
constexpr auto kMacros = std::to_array<Macro>({{"FAST", 3}, {"ALL", 4}, {"FULL", 5}});

Parsed<void> header_list(Lexer& in, Section& section) {
  POSTERN_CHECK(in.space());
  POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) -> Parsed<void> {
    POSTERN_TRY(auto name, item.astring());
    section.fields.push_back(std::move(name));
    return {};
  }));
  if (section.fields.empty()) return bad("header field name expected");
  return {};
}

Parsed<void> section_text(Lexer& in, Section& section) {
  if (in.eat_word("HEADER.FIELDS.NOT")) {
    section.text = Text::header_fields_not;
    return header_list(in, section);
  }
  if (in.eat_word("HEADER.FIELDS")) {
    section.text = Text::header_fields;
    return header_list(in, section);
  }
  if (in.eat_word("HEADER")) {
    section.text = Text::header;
  } else if (in.eat_word("TEXT")) {
    section.text = Text::text;
  } else if (!section.part.empty() && in.eat_word("MIME")) {
    section.text = Text::mime;
  } else {
    return bad("unknown section");
  }
  return {};
}

/// Behind the `[`, takes the `]`.
Parsed<Section> parse_section(Lexer& in, bool numbers_only) {
  Section section;
  bool after_dot = false;
  in.eat_spaces();
  while (text::is_digit(in.peek())) {
    if (section.part.size() == kMaxSectionDepth) return bad("part number too deep");
    POSTERN_TRY(const auto number, in.nz_number<std::uint32_t>());
    section.part.push_back(number);
    after_dot = in.eat('.');
    if (!after_dot) break;
  }
  const bool more = after_dot || (section.part.empty() && in.peek() != ']');
  if (more && numbers_only) return bad("part number expected");
  if (more) {
    POSTERN_CHECK(section_text(in, section));
  }
  in.eat_spaces();
  POSTERN_CHECK(in.expect(']'));
  return section;
}

Parsed<std::optional<Partial>> parse_partial(Lexer& in) {
  if (!in.eat('<')) return std::nullopt;
  Partial partial{};
  POSTERN_TRY(partial.offset, in.number<std::uint64_t>());
  POSTERN_CHECK(in.expect('.'));
  POSTERN_TRY(partial.count, in.nz_number<std::uint64_t>());
  POSTERN_CHECK(in.expect('>'));
  return partial;
}

Parsed<FetchItem> sectioned_item(Lexer& in, const Sectioned& named) {
  FetchItem item{.kind = named.kind, .peek = named.peek};
  POSTERN_TRY(item.section, parse_section(in, named.kind != Kind::section));
  if (named.kind != Kind::binary_size) {
    POSTERN_TRY(item.partial, parse_partial(in));
  }
  return item;
}

/// Plain items once each; sections as often as asked.
Parsed<void> add(std::vector<FetchItem>& items, FetchItem item) {
  if (std::ranges::find(items, item) != items.end()) return {};
  if (items.size() == kMaxFetchItems) return no("LIMIT", "too many items");
  items.push_back(std::move(item));
  return {};
}

Parsed<void> items(Lexer& in, Fetch& fetch) {
  const auto one = [&](Lexer& item) -> Parsed<void> {
    POSTERN_TRY(auto parsed, parse_fetch_item(item));
    return add(fetch.items, std::move(parsed));
  };
  for (const auto& macro : kMacros) {
    if (!in.eat_word(macro.name)) continue;
    for (std::size_t i = 0; i < macro.count; ++i)
      fetch.items.push_back({.kind = kMacroItems.at(i)});
    return {};
  }
  if (in.peek() != '(') return one(in);
  POSTERN_CHECK(for_each_in_parentheses(in, one));
  if (fetch.items.empty()) return bad("item expected");
  return {};
}

Parsed<void> modifier(Lexer& in, Fetch& fetch) {
  if (in.eat_word("CHANGEDSINCE")) {
    POSTERN_CHECK(in.space());
    POSTERN_TRY(fetch.changed_since, parse_mod_seq(in));
    return {};
  }
  if (!in.eat_word("VANISHED")) return bad("unknown modifier");
  fetch.vanished = true;
  return {};
}

Parsed<void> store_modifier(Lexer& in, Store& store) {
  if (!in.eat_word("UNCHANGEDSINCE")) return bad("unknown modifier");
  POSTERN_CHECK(in.space());
  POSTERN_TRY(store.unchanged_since, parse_mod_seq(in));
  return {};
}

Parsed<void> store_how(Lexer& in, Store& store) {
  if (in.eat('+')) {
    store.how = Store::How::add;
  } else if (in.eat('-')) {
    store.how = Store::How::remove;
  }
  if (in.eat_word("FLAGS.SILENT")) {
    store.silent = true;
  } else if (!in.eat_word("FLAGS")) {
    return bad("FLAGS expected");
  }
  return in.space();
}

Parsed<void> bare_flags(Lexer& in, Store& store) {
  do {
    POSTERN_TRY(auto flag, parse_flag(in));
    if (flag != "\\Recent") store.flags.push_back(std::move(flag));
  } while (in.eat_spaces() && !in.at_end());
  return {};
}

}  // namespace

Parsed<FetchItem> parse_fetch_item(Lexer& in) {
  const auto name = in.keyword();
  if (in.eat('[')) {
    for (const auto& named : kSectioned)
      if (text::iequals(name, named.name)) return sectioned_item(in, named);
  } else {
    for (const auto& [word, kind] : kPlain)
      if (text::iequals(name, word)) return FetchItem{.kind = kind};
  }
  return bad("unknown item");
}

Parsed<Command> parse_fetch(Lexer& in, bool uid) {
  Fetch fetch;
  fetch.uid = uid;
  POSTERN_CHECK(in.space());
  POSTERN_TRY(fetch.set, parse_sequence_set(in));
  POSTERN_CHECK(in.space());
  POSTERN_CHECK(items(in, fetch));
  in.eat_spaces();
  if (in.peek() == '(') {
    POSTERN_CHECK(for_each_in_parentheses(in, [&](Lexer& item) { return modifier(item, fetch); }));
  }
  // RFC 7162 §3.2.6: only in UID FETCH and only with CHANGEDSINCE.
  if (fetch.vanished && (!uid || !fetch.changed_since))
    return bad("VANISHED needs UID FETCH and CHANGEDSINCE");
  return fetch;
}

Parsed<Command> parse_store(Lexer& in, bool uid) {
  Store store;
  store.uid = uid;
  POSTERN_CHECK(in.space());
  POSTERN_TRY(store.set, parse_sequence_set(in));
  POSTERN_CHECK(in.space());
  if (in.peek() == '(') {
    POSTERN_CHECK(
        for_each_in_parentheses(in, [&](Lexer& item) { return store_modifier(item, store); }));
    POSTERN_CHECK(in.space());
  }
  POSTERN_CHECK(store_how(in, store));
  if (in.peek() == '(') {
    POSTERN_TRY(store.flags, parse_flag_list(in));
  } else {
    POSTERN_CHECK(bare_flags(in, store));
  }
  return store;
}

}  // namespace postern::imap
