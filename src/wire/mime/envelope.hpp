#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mime/address.hpp"
#include "vocab/result.hpp"

namespace postern::mime {

/// What the IMAP ENVELOPE item shows of a message's header (RFC 9051 §7.5.2 "ENVELOPE"). Texts are
/// unfolded and trimmed, otherwise octets as in the header (encoded words undecoded, 8-bit octets
/// kept); nothing when the field is absent, "" when it is there and empty. Of a repeated
/// Date, Subject, Message-ID or In-Reply-To the last counts, as with other IMAP servers; repeated
/// address fields are joined.
struct Envelope {
  std::optional<std::string> date;
  std::optional<std::string> subject;
  AddressList from;
  /// As in the header. IMAP wants From where this is empty: `sender_or_from`.
  AddressList sender;
  /// As in the header: `reply_to_or_from`.
  AddressList reply_to;
  AddressList to;
  AddressList cc;
  AddressList bcc;
  std::optional<std::string> in_reply_to;
  std::optional<std::string> message_id;

  [[nodiscard]] const AddressList& sender_or_from() const { return sender.empty() ? from : sender; }
  [[nodiscard]] const AddressList& reply_to_or_from() const {
    return reply_to.empty() ? from : reply_to;
  }
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// Reads the header `raw` (the octets of header fields, with or without the empty line that ends
/// them). At most `address_limit` mailboxes and groups over all fields together. Linear.
[[nodiscard]] Envelope envelope_of(std::string_view raw, std::size_t address_limit = kMaxAddresses);

/// Mailboxes and groups of all its fields: what `address_limit` counts.
[[nodiscard]] std::size_t count_addresses(const Envelope& envelope);

/// A compact form for the store: a version octet and tagged fields (codec.hpp has the grammar).
[[nodiscard]] std::string encode(const Envelope& envelope);
/// The reverse. Unknown tags are skipped. Error `corrupt`: not such a record, or of a version from
/// the future, or beyond the limits of the parser.
[[nodiscard]] Result<Envelope> decode_envelope(std::string_view bytes);

}  // namespace postern::mime
