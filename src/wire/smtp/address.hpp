#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smtp/domain.hpp"
#include "vocab/result.hpp"

// The addresses of an envelope: RFC 5321 §4.1.2, RFC 6531 §3.3.
namespace postern::smtp {

inline constexpr std::size_t kMaxLocalPart = 64;  ///< Octets, RFC 5321 §4.5.3.1.1.
inline constexpr std::size_t kMaxAddress = 254;   ///< A path has 256 with its brackets, §4.5.3.1.3.

/// Who gets or sent a message.
struct Address {
  std::string local;  ///< Unquoted, as written: case kept; UTF-8 without controls.
  Domain domain;      ///< `ascii` is empty only for the bare <postmaster> (§4.5.1).

  [[nodiscard]] bool is_bare_postmaster() const { return domain.ascii.empty(); }
  /// Whether no form of it is ASCII: the local part is not (a domain always has A-labels).
  [[nodiscard]] bool needs_smtputf8() const;
  friend bool operator==(const Address&, const Address&) = default;
};

/// MAIL FROM's argument: nothing is the null path <>.
using ReversePath = std::optional<Address>;

/// What is taken beyond the grammar, and what extensions are on.
struct AddressRules {
  bool utf8 = false;           ///< SMTPUTF8 was asked for: UTF-8 local parts and U-labels.
  bool loose_dots = false;     ///< "a..b" and "a." unquoted, as some carriers' addresses are.
  bool long_local = false;     ///< Local parts up to the whole path (senders with VERP or SRS).
  bool bare_brackets = false;  ///< The path's <> may be missing.
};

/// Parses all of `text` as Mailbox. Errors: `bad_syntax`, `too_large` (64/255/254 octets).
[[nodiscard]] Result<Address> parse_address(std::string_view text, AddressRules rules = {});

/// Takes a Path or "<>" off the front of `text`, up to its '>' (or, with `bare_brackets`, up to
/// the first SP outside quotes). A source route is parsed and forgotten (RFC 5321 Appendix C).
/// `text` is only moved on success. Errors as `parse_address`.
[[nodiscard]] Result<ReversePath> take_reverse_path(std::string_view& text, AddressRules rules);
/// The same for RCPT: "<>" is `bad_syntax`, <postmaster> in any case is taken (RFC 5321 §4.1.1.3).
[[nodiscard]] Result<Address> take_forward_path(std::string_view& text, AddressRules rules);

/// Mailbox with the least quoting; the domain as written. For people and for SMTPUTF8.
[[nodiscard]] std::string to_string(const Address& address);
/// Mailbox as it may go on the wire: U-labels only if `smtputf8`, otherwise A-labels. A UTF-8
/// local part is printed as it is: ask `needs_smtputf8` first.
[[nodiscard]] std::string to_wire(const Address& address, bool smtputf8);
/// `to_wire` in angle brackets; "<>" for the null path.
[[nodiscard]] std::string to_path(const ReversePath& path, bool smtputf8);
/// A local part with the least quoting that makes it one (RFC 5321 §4.1.2).
[[nodiscard]] std::string quoted_local(std::string_view local);

/// The form under which a local part is looked up: NFC and full case folding (Unicode, by ICU).
/// Equal for what people take for the same name; never shown.
[[nodiscard]] std::string local_key(std::string_view local);
/// `local_key` @ lower-case A-labels.
[[nodiscard]] std::string address_key(const Address& address);

}  // namespace postern::smtp
