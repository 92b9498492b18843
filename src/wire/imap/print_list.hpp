#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "imap/mailbox_name.hpp"
#include "imap/status_item.hpp"

namespace postern::imap {

/// One line of LIST or LSUB (RFC 9051 §7.3.1, RFC 5258 §6).
struct ListLine {
  std::string_view word = "LIST";
  /// `\HasChildren`, `\Sent`, ...
  std::span<const std::string_view> attributes = {};
  /// '\0': NIL, a flat name.
  char delimiter = '/';
  /// UTF-8.
  std::string_view name;
  /// CHILDINFO (RFC 5258 §3.5): selection options that a child satisfies, such as `SUBSCRIBED`.
  std::span<const std::string_view> child_info = {};
  /// OLDNAME (RFC 9051 §6.3.9.7): the name before RENAME, or as the client wrote it.
  std::optional<std::string_view> old_name = {};
};
void append_list(std::string& out, const ListLine& line, NameForm form);

/// One item of STATUS and its value.
struct StatusValue {
  StatusItem item;
  /// Nothing: NIL, which APPENDLIMIT may be (RFC 7889 §3.1). Not looked at for `mailbox_id`.
  std::optional<std::uint64_t> number = {};
  /// For `mailbox_id`.
  std::string_view id = {};
};
/// `* STATUS name (...)` (RFC 9051 §7.3.3).
void append_status(std::string& out, std::string_view name, std::span<const StatusValue> values,
                   NameForm form);

/// One personal namespace with the empty prefix, none of others (RFC 9051 §6.3.10).
void append_namespace(std::string& out, char delimiter);

}  // namespace postern::imap
