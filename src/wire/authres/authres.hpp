#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/result.hpp"

// The Authentication-Results field, and the payload of ARC-Authentication-Results: RFC 8601 §2.2,
// RFC 8617 §4.1.1.
namespace postern::authres {

/// `header.d=example.com`: a propspec.
struct Property {
  std::string type;   ///< "smtp", "header", "policy", "body".
  std::string name;   ///< "mailfrom", "d", ...
  std::string value;  ///< Plain: quoting and folding are the printer's.
  friend bool operator==(const Property&, const Property&) = default;
};

/// `dkim=pass reason="..." header.d=example.com (comment)`: a resinfo.
struct Statement {
  std::string method;  ///< "spf", "dkim", "dmarc", "arc", "iprev", "auth".
  std::string result;  ///< "pass", ...
  std::string reason = {};
  std::vector<Property> properties = {};
  std::string comment = {};   ///< For people; the last one when read.
  std::uint32_t version = 1;  ///< Of the method.

  /// The first property of that name, any case; nothing if there is none.
  [[nodiscard]] std::optional<std::string_view> property(std::string_view type,
                                                         std::string_view name) const;
  friend bool operator==(const Statement&, const Statement&) = default;
};

struct AuthenticationResults {
  std::string authserv_id;
  std::vector<Statement> statements = {};  ///< None: "none", nothing was checked.
  std::uint32_t version = 1;
  /// The `i=` in front of an ARC-Authentication-Results payload.
  std::optional<std::uint32_t> instance = {};
  friend bool operator==(const AuthenticationResults&, const AuthenticationResults&) = default;
};

/// Whether the message is internationalised: only then may UTF-8 stand in the field (RFC 8601
/// §2.5, RFC 6532 §3.2).
enum class Charset : std::uint8_t { ascii, utf8 };

/// The value, folded with CRLF and a tab, without a final line break; `column` is what stands
/// before it on its line. Whatever the texts hold, nothing but this value comes out: methods,
/// results and property names are reduced to the letters they may have; values are quoted where
/// they have to be, with controls and what the charset forbids as '?'; overlong texts are cut.
[[nodiscard]] std::string to_value(const AuthenticationResults& results,
                                   Charset charset = Charset::ascii, std::size_t column = 0);
/// The whole field with its final CRLF.
[[nodiscard]] std::string to_field(const AuthenticationResults& results,
                                   Charset charset = Charset::ascii);

inline constexpr std::size_t kMaxStatements = 100;  ///< What follows when reading is dropped.
inline constexpr std::size_t kMaxProperties = 50;   ///< Of each statement.

/// Reads a value (`mime::Field::value`) as real mail writes it: comments, folding and quoted
/// strings anywhere, unknown words passed over, an id left out (`authserv_id` is empty then). A
/// version other than 1 ends the reading behind it (RFC 8601 §2.6). Linear.
/// Error `bad_syntax`: nothing but blanks and comments.
[[nodiscard]] Result<AuthenticationResults> parse(std::string_view value);
/// The same with the instance in front (RFC 8617 §4.1.1). Error `bad_syntax` also without one of
/// 1 to 50.
[[nodiscard]] Result<AuthenticationResults> parse_arc(std::string_view value);

/// Whether an Authentication-Results value claims one of `ours` as its authserv-id, so that it must
/// not be shown to anybody unless it is ours (RFC 8601 §5). Names are held against each other in
/// any case, as A-labels. Suspicious on purpose: what any sloppy reader could take for ours counts,
/// be it quoted, parted by comments, blanks or escapes, written as an encoded word, followed by a
/// version, or within a comment or quoted string that never ends. Linear in `value` for each of
/// `ours`.
[[nodiscard]] bool claims_id(std::string_view value, std::span<const std::string> ours);

}  // namespace postern::authres
