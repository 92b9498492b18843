#include "mime/address.hpp"

#include <algorithm>
#include <span>

#include "mime/lexer.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

// Tokens of one list element beyond this are dropped: no name or address is that long.
constexpr std::size_t kMaxTokens = 1000;
// Room for those of most elements.
constexpr std::size_t kUsualTokens = 8;
// An encoded word that holds specials is at most this long.
constexpr std::size_t kMaxWord = 300;

struct Token {
  std::string text;
  bool at = false;      // the sign @
  bool quoted = false;  // a quoted string's content
  bool spaced = false;  // a blank or comment stands before it
};
using Tokens = std::vector<Token>;

// The length of the encoded word (RFC 2047 §2) that begins `text`, or 0. Programs put specials into
// them which would end an atom.
std::size_t encoded_word_length(std::string_view text) {
  text = text.substr(0, kMaxWord);
  if (!text.starts_with("=?")) return 0;
  int marks = 0;
  for (std::size_t i = 2; i < text.size() && !is_blank(text[i]) && text[i] != '"'; ++i) {
    if (text[i] != '?' || ++marks < 3) continue;
    if (i + 1 < text.size() && text[i + 1] == '=') return i + 2;
  }
  return 0;
}

std::string joined(std::span<const Token> tokens, bool with_blanks) {
  std::string out;
  for (const Token& token : tokens) {
    if (with_blanks && token.spaced && !out.empty()) out += ' ';
    out += token.text;
  }
  return out;
}

// Where the local part that ends just before `at` begins: words are one address part as long as no
// blank stands between them, or a dot beside the blank (RFC 5322 §4.4 obs-local-part).
std::size_t local_begin(const Tokens& tokens, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0) {
    const bool last = begin == at;
    if (!last && tokens[begin].spaced && !tokens[begin].text.starts_with('.') &&
        !tokens[begin - 1].text.ends_with('.'))
      break;
    --begin;
  }
  return begin;
}

std::size_t last_at(const Tokens& tokens) {
  std::size_t at = tokens.size();
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i].at) at = i;
  return at;
}

class AddressParser {
 public:
  AddressParser(std::string_view value, std::size_t limit) : lexer_{value}, left_{limit} {
    tokens_.reserve(kUsualTokens);
  }

  AddressList parse() {
    while (left_ > 0 && !lexer_.done()) element();
    end_group();
    return std::move(list_);
  }

 private:
  // One element with the separator behind it.
  void element() {
    tokens_.clear();
    comment_.clear();
    collect(",;:<");
    switch (lexer_.peek()) {
      case ':':
        lexer_.advance();
        begin_group();
        return;
      case '<': angle_address(); break;
      default:  bare_address(); break;
    }
    const char separator = lexer_.peek();
    if (separator == '<') return;  // a comma was forgotten
    if (!lexer_.done()) lexer_.advance();
    if (separator == ';') end_group();
  }

  // Reads words up to one of `stops` into tokens_.
  void collect(std::string_view stops) {
    while (true) {
      const bool spaced = lexer_.skip_cfws(&comment_);
      if (lexer_.done() || stops.find(lexer_.peek()) != stops.npos) return;
      Token token = next_token(stops);
      token.spaced = spaced;
      if (tokens_.size() < kMaxTokens && (!token.text.empty() || token.quoted))
        tokens_.push_back(std::move(token));
    }
  }

  Token next_token(std::string_view stops) {
    const char c = lexer_.peek();
    if (c == '"') return {.text = lexer_.quoted(), .quoted = true};
    if (c == '@') {
      lexer_.advance();
      return {.text = "@", .at = true};
    }
    if (c == '[' && !tokens_.empty() && tokens_.back().at) return domain_literal();
    if (c == ')' || c == '>' || c == '<' || c == ',' || c == ';' ||
        c == ':') {  // not a stop here: stray
      lexer_.advance();
      return {.text = c == ':' || c == ';' ? std::string{c} : std::string{}};
    }
    if (const std::size_t length = encoded_word_length(lexer_.rest()); length > 0) {
      Token token{.text = std::string{lexer_.rest().substr(0, length)}};
      lexer_.advance(length);
      return token;
    }
    // A colon ends a group's name only; in an address it is as good as any octet.
    const bool colon = stops.find(':') != stops.npos;
    std::string_view word = lexer_.run(colon ? "\"(),;:<>@" : "\"(),<>@");
    return {.text = std::string{word}};
  }

  Token domain_literal() {
    std::string text;
    while (!lexer_.done() && lexer_.peek() != ']') {
      text += lexer_.run("]");
      while (!lexer_.done() && is_blank(lexer_.peek())) lexer_.advance();
    }
    if (!lexer_.done()) lexer_.advance();
    return {.text = text + "]"};
  }

  void begin_group() {
    if (group_) return;  // groups do not nest: the name is dropped, its members stay
    group_ = true;
    --left_;
    list_.emplace_back(Group{.name = joined(tokens_, true), .members = {}});
  }

  void end_group() { group_ = false; }

  void bare_address() {
    if (tokens_.empty()) return;
    Mailbox mailbox;
    const std::size_t at = last_at(tokens_);
    const std::span<const Token> all{tokens_};
    if (at < tokens_.size()) {
      const std::size_t begin = local_begin(tokens_, at);
      mailbox.name = joined(all.first(begin), true);
      mailbox.local = joined(all.subspan(begin, at - begin), false);
      mailbox.domain = joined(all.subspan(at + 1), false);
    } else if (tokens_.size() == 1 && !tokens_.front().quoted) {
      mailbox.local = tokens_.front().text;
    } else {
      mailbox.name = joined(all, true);
    }
    add(std::move(mailbox));
  }

  void angle_address() {
    Mailbox mailbox{.name = joined(tokens_, true)};
    tokens_.clear();
    lexer_.advance();
    lexer_.skip_cfws(&comment_);
    if (lexer_.peek() == '@') take_route(mailbox);
    collect(">,");
    const std::size_t at = last_at(tokens_);
    const std::span<const Token> all{tokens_};
    mailbox.local = joined(all.first(at), false);
    if (at < tokens_.size()) mailbox.domain = joined(all.subspan(at + 1), false);
    if (lexer_.peek() == '>') {
      lexer_.advance();
      tokens_.clear();
      collect(",;<");  // a name behind the address, or rubbish
      if (mailbox.name.empty()) mailbox.name = joined(tokens_, true);
    }
    add(std::move(mailbox));
  }

  // `@a,@b:` (RFC 5322 §4.4 obs-route). Without its colon it is a domain without local part.
  void take_route(Mailbox& mailbox) {
    const std::size_t end = lexer_.rest().find_first_of(":>");
    if (end == std::string_view::npos || lexer_.rest()[end] != ':') return;
    for (const char c : lexer_.rest().substr(0, end))
      if (!is_blank(c)) mailbox.route += c;
    lexer_.advance(end + 1);
  }

  void add(Mailbox mailbox) {
    if (left_ == 0) return;
    --left_;
    if (mailbox.name.empty()) mailbox.name = std::move(comment_);
    if (group_) {
      std::get<Group>(list_.back()).members.push_back(std::move(mailbox));
    } else {
      list_.emplace_back(std::move(mailbox));
    }
  }

  Lexer lexer_;
  std::size_t left_;
  bool group_ = false;  // the last of list_ is a group that still takes members
  Tokens tokens_;
  std::string comment_;
  AddressList list_;
};

}  // namespace

AddressList parse_addresses(std::string_view value, std::size_t limit) {
  return AddressParser{value, std::min(limit, kMaxAddresses)}.parse();
}

std::size_t count_addresses(const AddressList& list) {
  std::size_t count = list.size();
  for (const Address& address : list)
    if (const auto* group = std::get_if<Group>(&address)) count += group->members.size();
  return count;
}

std::vector<const Mailbox*> mailboxes(const AddressList& list) {
  std::vector<const Mailbox*> out;
  for (const Address& address : list) {
    if (const auto* mailbox = std::get_if<Mailbox>(&address)) out.push_back(mailbox);
    if (const auto* group = std::get_if<Group>(&address))
      for (const Mailbox& member : group->members) out.push_back(&member);
  }
  return out;
}

}  // namespace postern::mime
