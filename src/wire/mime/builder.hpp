#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "mime/address.hpp"

// Writes messages: what reports and replies of ours are made of. CRLF throughout.
namespace postern::mime {

/// A header under construction. Nothing given to it can start another field: CR, LF and other
/// controls in a value become spaces.
class HeaderBuilder {
 public:
  /// Unstructured text (Subject, comments), UTF-8; encoded words where needed (RFC 2047 §5 (1));
  /// folded at blanks so that lines keep to 76 octets where they can (RFC 2047 §2).
  HeaderBuilder& text(std::string_view name, std::string_view utf8);
  /// A structured value, already in its syntax (Date, Message-ID, Content-Type): folded at blanks,
  /// octets as they are.
  HeaderBuilder& raw(std::string_view name, std::string_view value);
  /// An address field. Names are UTF-8 and become encoded words where needed (RFC 2047 §5 (3)).
  HeaderBuilder& addresses(std::string_view name, const AddressList& list);

  /// The fields, without the empty line.
  [[nodiscard]] const std::string& str() const& { return out_; }
  [[nodiscard]] std::string str() && { return std::move(out_); }

 private:
  std::string out_;
};

/// One part of a multipart: its header fields (each with CRLF, may be empty) and its body, already
/// in its transfer encoding.
struct PartSource {
  std::string header;
  std::string body;
};

/// A multipart body (RFC 2046 §5.1.1): `preamble` (may be empty) and the parts between boundaries.
/// The caller sees to it that no part holds a line beginning with `--boundary` and names the same
/// boundary in Content-Type.
[[nodiscard]] std::string multipart_body(std::string_view boundary,
                                         std::span<const PartSource> parts,
                                         std::string_view preamble = {});

/// `local@domain` (RFC 5321 §4.1.2), the local part quoted where it must be; `local` alone without
/// a domain.
[[nodiscard]] std::string print_addr_spec(std::string_view local, std::string_view domain);
/// `Name <local@domain>` for a header; the name quoted or in encoded words where it must be.
[[nodiscard]] std::string print_mailbox(const Mailbox& mailbox);
[[nodiscard]] std::string print_addresses(const AddressList& list);

/// `<unique@domain>` (RFC 5322 §3.6.4). `unique`: letters, digits and dots from a random source.
[[nodiscard]] std::string make_message_id(std::string_view unique, std::string_view domain);

/// `text` in quoted-printable with lines of at most 76 octets (RFC 2045 §6.7); CRLF and bare LF are
/// line breaks.
[[nodiscard]] std::string to_quoted_printable(std::string_view text);
/// `bytes` in base64 with lines of at most 76 octets (RFC 2045 §6.8), each ended by CRLF.
[[nodiscard]] std::string to_base64_lines(std::string_view bytes);

}  // namespace postern::mime
