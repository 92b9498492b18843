#pragma once

#include <optional>
#include <string>
#include <string_view>

// Mailbox names: inside the server always UTF-8; on the wire modified UTF-7 (RFC 3501 §5.1.3), or
// UTF-8 once the client has enabled IMAP4rev2 or UTF8=ACCEPT (RFC 9051 §5.1, RFC 6855 §3).
namespace postern::imap {

/// How names and texts of this session travel.
enum class NameForm : bool { mutf7, utf8 };

/// Strict: no raw controls or 8-bit octets, no encoded printable ASCII, no needless shift, no lone
/// surrogate, zero trailing bits. So each name has exactly one form.
[[nodiscard]] std::optional<std::string> from_mutf7(std::string_view name);

/// `name` must be UTF-8; an octet that is not becomes U+FFFD.
[[nodiscard]] std::string to_mutf7(std::string_view name);

/// The name that a client wrote, as UTF-8; INBOX in any case becomes "INBOX" (RFC 9051 §5.1), a
/// child's name under it is left alone. In mutf7 form raw UTF-8 without `&` is taken too: some
/// clients send it. Nothing: not a name in this form.
[[nodiscard]] std::optional<std::string> decode_mailbox(std::string_view wire, NameForm form);

}  // namespace postern::imap
