#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/flags.hpp"
#include "store/mailbox_view.hpp"

// Flags, special uses and ids in IMAP's words; those of one message: fetch_message.hpp.
namespace postern::imapd {

/// All that a mailbox with these keywords can hold: FLAGS and PERMANENTFLAGS.
[[nodiscard]] std::vector<std::string> all_flag_names(const store::Keywords& table);

/// Flags as the parser gives them (imap::canonical_flag). Nothing: a `\` word that is no system
/// flag, which cannot be stored (RFC 9051 §2.3.2).
[[nodiscard]] std::optional<store::NamedFlags> named_flags(std::span<const std::string> words);

/// `\Sent`; empty for none (RFC 6154 §2).
[[nodiscard]] std::string_view to_word(store::SpecialUse use);
[[nodiscard]] std::optional<store::SpecialUse> special_use_from(std::string_view word);

/// MAILBOXID (RFC 8474 §4).
[[nodiscard]] std::string object_id(MailboxId id);

}  // namespace postern::imapd
