#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "imap/fault.hpp"
#include "imap/mailbox_name.hpp"

// Printers append to the session's output buffer. Nothing here fails: what a grammar has no place
// for is replaced as each function says.
namespace postern::imap {

void append_number(std::string& out, std::uint64_t value);

/// string (RFC 9051 §9): quoted when it is short and of one line, else a literal. 8-bit octets go
/// into quotes only as UTF-8 in form `utf8`. A NUL, which no string can hold, becomes `?`.
void append_string(std::string& out, std::string_view text, NameForm form = NameForm::mutf7);
/// NIL for nothing.
void append_nstring(std::string& out, const std::optional<std::string>& text,
                    NameForm form = NameForm::mutf7);
/// A bare word where it can be one.
void append_astring(std::string& out, std::string_view text, NameForm form = NameForm::mutf7);
/// `name` is UTF-8.
void append_mailbox(std::string& out, std::string_view name, NameForm form);
/// `{n}` CRLF: the caller appends or sends the n octets.
void append_literal_mark(std::string& out, std::uint64_t octets);
/// `~{n}` CRLF (RFC 3516 §4.3).
void append_literal8_mark(std::string& out, std::uint64_t octets);
/// `(\Seen $Junk)`.
void append_flag_list(std::string& out, std::span<const std::string> flags);

/// `tag STATUS [code] text` CRLF; `code` without brackets, "" for none. `text` is ours, never the
/// peer's; CR and LF in it or in `code` become spaces.
void append_status_response(std::string& out, std::string_view tag, Status status,
                            std::string_view code, std::string_view text);
/// The answer to a refused command.
void append_refusal(std::string& out, const Refusal& refusal);
/// `+ text` CRLF (RFC 9051 §7.6). `text` may be empty (an empty SASL challenge).
void append_continuation(std::string& out, std::string_view text);
/// `* text` CRLF, for data whose form is a plain line: `CAPABILITY ...`, `12 EXISTS`.
void append_untagged(std::string& out, std::string_view text);
/// `* 12 EXISTS` CRLF: EXISTS, RECENT, EXPUNGE.
void append_count(std::string& out, std::uint32_t number, std::string_view word);

}  // namespace postern::imap
