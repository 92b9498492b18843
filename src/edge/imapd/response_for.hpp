#pragma once

#include <optional>

#include "imapd/answer.hpp"
#include "vocab/result.hpp"

// The one place where failures become IMAP's words (RFC 9051 §7.1, RFC 5530 §3).
namespace postern::imapd {

/// What to answer to a command of which an operation failed so. Nothing: the failure is the
/// connection's, not the command's, and nobody can be told.
[[nodiscard]] std::optional<Answer> response_for(Errc code);

}  // namespace postern::imapd
