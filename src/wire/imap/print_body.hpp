#pragma once

#include <string>

#include "imap/mailbox_name.hpp"
#include "mime/structure.hpp"

namespace postern::imap {

/// body (RFC 9051 §7.5.2, §9): BODYSTRUCTURE when `extended`, else BODY. A multipart in which no
/// part was found shows one empty text part, since the grammar has no empty multipart. Recursion is
/// bounded by mime::kMaxDepth.
void append_body(std::string& out, const mime::Part& part, bool extended, NameForm form);

}  // namespace postern::imap
