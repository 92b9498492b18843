#pragma once

#include <string>
#include <vector>

#include "imap/command.hpp"
#include "imap/lexer.hpp"

// The parsers of single commands' arguments: what parse_command.cpp's table calls. The cursor
// stands behind the command's name (and UID's space); each takes its leading space itself, and
// leaves to its caller to demand the end.
namespace postern::imap {

[[nodiscard]] Parsed<Command> parse_list(Lexer& in, NameForm form);
[[nodiscard]] Parsed<Command> parse_lsub(Lexer& in, NameForm form);
[[nodiscard]] Parsed<Command> parse_select(Lexer& in, NameForm form, bool read_only);
[[nodiscard]] Parsed<Command> parse_create(Lexer& in, NameForm form);
[[nodiscard]] Parsed<Command> parse_append(Lexer& in, NameForm form);
[[nodiscard]] Parsed<Command> parse_fetch(Lexer& in, bool uid);
[[nodiscard]] Parsed<Command> parse_store(Lexer& in, bool uid);
[[nodiscard]] Parsed<Command> parse_search(Lexer& in, bool uid);

// Pieces they share.

[[nodiscard]] Parsed<std::string> parse_mailbox(Lexer& in, NameForm form);
/// `NO [CANNOT]` for a name that is not one in this form.
[[nodiscard]] Parsed<std::string> decoded_mailbox(const std::string& wire, NameForm form);
[[nodiscard]] Parsed<std::string> parse_flag(Lexer& in);
/// `( ... )`; flags once each, \Recent left out.
[[nodiscard]] Parsed<std::vector<std::string>> parse_flag_list(Lexer& in);
/// `( ... )`, at least one, each once.
[[nodiscard]] Parsed<std::vector<StatusItem>> parse_status_items(Lexer& in);
/// A mod-sequence, 63 bits (RFC 7162 §7), 0 allowed.
[[nodiscard]] Parsed<std::uint64_t> parse_mod_seq(Lexer& in);
/// One item with its section and partial.
[[nodiscard]] Parsed<FetchItem> parse_fetch_item(Lexer& in);

}  // namespace postern::imap
