#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vocab/result.hpp"

// How SASL messages travel in lines, the same for SMTP's AUTH (RFC 4954), IMAP's AUTHENTICATE
// (RFC 9051 §6.2.2, RFC 4959 §3) and POP3's AUTH: base64, "=" for an initial response that is there
// and empty, "*" from a client that gives up.
namespace postern::sasl {

/// Longest base64 text taken, and so the longest line a session need keep during an exchange
/// (RFC 4954 asks for 12288 octets).
inline constexpr std::size_t kMaxEncoded = 12288;

/// A line from the client within an exchange.
struct ClientLine {
  bool cancelled = false;  ///< The client sent "*": answer 501 / BAD and forget the exchange.
  std::string data = {};   ///< The response's bytes when it is not cancelled.
};

/// The argument after the mechanism's name. Errors: bad_syntax (not base64, or empty: emptiness is
/// "="), line_too_long.
[[nodiscard]] Result<std::string> decode_initial_response(std::string_view argument);

/// A line (without CRLF) that answers a challenge; an empty line is an empty response. Errors:
/// bad_syntax (not base64: 501 5.5.2 / BAD), line_too_long.
[[nodiscard]] Result<ClientLine> decode_response(std::string_view line);

/// The text after "334 " or "+ ".
[[nodiscard]] std::string encode_challenge(std::string_view data);

/// The client's side: what follows the mechanism's name, and a later line.
[[nodiscard]] std::string encode_initial_response(std::string_view data);
[[nodiscard]] std::string encode_response(std::string_view data);
/// The text after "334 " or "+ ". Errors: bad_syntax, line_too_long.
[[nodiscard]] Result<std::string> decode_challenge(std::string_view text);

}  // namespace postern::sasl
