#pragma once

#include <string>

#include "imap/mailbox_name.hpp"
#include "mime/envelope.hpp"

namespace postern::imap {

/// envelope (RFC 9051 §7.5.2, §9). Where the header has no Sender or Reply-To, From stands there.
/// An address without a domain gets `MISSING_DOMAIN`, since NIL there would mean a group.
void append_envelope(std::string& out, const mime::Envelope& envelope, NameForm form);

}  // namespace postern::imap
