#pragma once

#include <cstdint>
#include <string_view>

#include "imap/lexer.hpp"

namespace postern::imap {

/// What STATUS tells (RFC 9051 §6.3.11) and the extensions that add to it.
enum class StatusItem : std::uint8_t {
  messages,
  recent,  ///< RFC 3501 §6.3.10
  uid_next,
  uid_validity,
  unseen,
  deleted,
  size,
  highest_mod_seq,  ///< RFC 7162 §3.1.7
  append_limit,     ///< RFC 7889 §3.1
  mailbox_id,       ///< RFC 8474 §4.3
  deleted_storage,  ///< RFC 9208 §4.1.4
};

/// Its word in capitals.
[[nodiscard]] std::string_view to_word(StatusItem item);
[[nodiscard]] Parsed<StatusItem> parse_status_item(Lexer& in);

}  // namespace postern::imap
