#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/address.hpp"
#include "smtp/reply.hpp"

// MAIL and RCPT with their parameters: RFC 5321 §4.1.1.2, §4.1.1.3 and the extensions named below.
namespace postern::smtp {

/// What a session offers and tolerates while it reads commands. A parameter of an extension that
/// is not offered is answered like an unknown one: 555 (RFC 5321 §4.1.1.11).
struct CommandRules {
  bool size = true;             ///< RFC 1870
  bool eight_bit_mime = true;   ///< BODY=7BIT and BODY=8BITMIME, RFC 1652
  bool binary_mime = false;     ///< BODY=BINARYMIME, RFC 3030
  bool smtputf8 = true;         ///< RFC 6531
  bool dsn = false;             ///< RET, ENVID, NOTIFY, ORCPT, RFC 3461
  bool auth = false;            ///< AUTH=, RFC 2554
  bool requiretls = false;      ///< RFC 8689
  bool future_release = false;  ///< HOLDFOR, HOLDUNTIL, RFC 4865
  bool deliver_by = false;      ///< BY, RFC 2852
  bool mt_priority = false;     ///< MT-PRIORITY, RFC 6710

  bool utf8_transaction = false;  ///< This transaction's MAIL had SMTPUTF8: RCPT may be UTF-8.
  bool bare_brackets = false;     ///< Take addresses without <>.
  bool loose_dots = false;        ///< Take "a..b@" and "a.@" unquoted.
};

enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };
enum class Ret : std::uint8_t { full, headers };

/// A parameter kept as it came, for whoever implements its extension.
struct RawParam {
  std::string keyword;  ///< Upper case.
  std::string value;    ///< Empty if there was none.
  friend bool operator==(const RawParam&, const RawParam&) = default;
};

struct Mail {
  ReversePath from = {};
  std::optional<std::uint64_t> size = {};  ///< Declared octets; what does not fit is the maximum.
  std::optional<Body> body = {};
  bool smtputf8 = false;
  std::optional<Ret> ret = {};
  std::optional<std::string> envid = {};  ///< Decoded; printable ASCII.
  std::optional<std::string> auth = {};   ///< Decoded mailbox; empty for AUTH=<>.
  bool requiretls = false;
  std::vector<RawParam> others = {};  ///< HOLDFOR, HOLDUNTIL, BY, MT-PRIORITY.
  friend bool operator==(const Mail&, const Mail&) = default;
};

/// NOTIFY: all false is NEVER (RFC 3461 §4.1).
struct Notify {
  bool success = false;
  bool failure = false;
  bool delay = false;
  friend bool operator==(const Notify&, const Notify&) = default;
};

/// ORCPT (RFC 3461 §4.2, RFC 6533 §3).
struct OriginalRecipient {
  std::string type;     ///< "rfc822", "utf-8", ...; lower case.
  std::string address;  ///< Decoded; may be UTF-8 only if `type` is "utf-8".
  friend bool operator==(const OriginalRecipient&, const OriginalRecipient&) = default;
};

struct Rcpt {
  Address to;
  std::optional<Notify> notify = {};
  std::optional<OriginalRecipient> original = {};
  friend bool operator==(const Rcpt&, const Rcpt&) = default;
};

/// `args`: what follows "MAIL ", without CR, LF and NUL. Or the reply to give: 501 (broken, or a
/// parameter twice), 555 (unknown parameter), 550 5.6.7 (UTF-8 address without SMTPUTF8, RFC 6531
/// §3.5). Tolerated: spaces after the colon, several between parameters.
[[nodiscard]] std::expected<Mail, Reply> parse_mail(std::string_view args,
                                                    const CommandRules& rules);
/// `args`: what follows "RCPT ". Replies as `parse_mail`, but 553 5.6.7.
[[nodiscard]] std::expected<Rcpt, Reply> parse_rcpt(std::string_view args,
                                                    const CommandRules& rules);

/// The command line, without CRLF. The caller leaves out what the server does not offer;
/// `mail.others` are printed as they are.
[[nodiscard]] std::string mail_command(const Mail& mail);
/// `smtputf8`: the transaction's.
[[nodiscard]] std::string rcpt_command(const Rcpt& rcpt, bool smtputf8);

/// "rfc822;user+2Btag@example.org": ORCPT's value, always its 7-bit form.
[[nodiscard]] std::string to_wire(const OriginalRecipient& original);
/// The two halves of "rfc822;user+tag@example.org", decoded as OriginalRecipient holds it. Nothing:
/// there is no semicolon.
[[nodiscard]] std::optional<OriginalRecipient> split_original(std::string_view text);

}  // namespace postern::smtp
