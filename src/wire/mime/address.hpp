#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Address lists of header fields (RFC 5322 §3.4, §4.4; RFC 6532 §3.2), read as real mail writes
// them: whatever is found is kept, nothing fails.
namespace postern::mime {

/// One mailbox. Every text is as in the header with quoting, folding and comments taken away;
/// encoded words in `name` are *not* decoded (IMAP shows them raw; `decode_header_text` decodes).
/// Octets as received: 8-bit octets may be anything, controls too.
struct Mailbox {
  /// display-name, or the comment behind an address without one (`a@b (Ann)`). Empty: none.
  std::string name;
  /// obs-route without the final colon (`@a,@b`), which IMAP shows as adl. Empty: none.
  std::string route;
  /// Local part, unquoted. May be empty (`<>`, `<@example>`).
  std::string local;
  /// Domain or `[literal]`. Empty when the address has none; a printer decides what stands there.
  std::string domain;

  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

/// `name: a@b, c@d;`. May have no members. Members are mailboxes only: groups do not nest.
struct Group {
  std::string name;
  std::vector<Mailbox> members;

  friend bool operator==(const Group&, const Group&) = default;
};

using Address = std::variant<Mailbox, Group>;
using AddressList = std::vector<Address>;

/// No list is longer than this; what follows is dropped.
inline constexpr std::size_t kMaxAddresses = 10'000;

/// Reads the value of From, To, Reply-To, ... , folded or unfolded; at most `limit` mailboxes and
/// groups together. Linear in `value`. RFC 5322 §3.4 with §4.4 (routes, empty list elements, dots
/// in phrases, comments everywhere) and UTF-8 anywhere (RFC 6532 §3.2).
[[nodiscard]] AddressList parse_addresses(std::string_view value,
                                          std::size_t limit = kMaxAddresses);

/// How many mailboxes and groups `list` holds, members included: what `limit` counts.
[[nodiscard]] std::size_t count_addresses(const AddressList& list);

/// Every mailbox of `list` in order, those of groups included. Borrowed from `list`.
[[nodiscard]] std::vector<const Mailbox*> mailboxes(const AddressList& list);

}  // namespace postern::mime
