#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/address.hpp"
#include "text/ip.hpp"
#include "vocab/time.hpp"

namespace postern::smtp {

/// How a message came, for the WITH clause (RFC 3848; RFC 6531 §4.3 for SMTPUTF8).
struct WithProtocol {
  bool lmtp = false;
  bool extended = true;  ///< EHLO, not HELO.
  bool tls = false;
  bool authenticated = false;
  bool smtputf8 = false;
};
/// "ESMTPSA", "UTF8LMTP", ...
[[nodiscard]] std::string to_string(WithProtocol with);

/// What a Received field tells. The client's part is left out for submission, where it would tell
/// the world where the sender sits.
struct Received {
  struct Client {
    std::string hello;                     ///< As the client said it; anything.
    std::optional<std::string> name = {};  ///< Verified host name.
    text::IpAddress ip;
  };
  std::optional<Client> client = {};
  std::string by;  ///< Our host name.
  WithProtocol with = {};
  std::string tls = {};                   ///< "TLS1.3 TLS_AES_256_GCM_SHA384"; empty without TLS.
  std::string id;                         ///< What `trace` finds the message by.
  std::optional<Address> recipient = {};  ///< Only when there is one (RFC 5321 §7.2).
  Timestamp time;
  std::chrono::minutes utc_offset{0};
};

/// The field with its final CRLF, folded (RFC 5321 §4.4). Nothing a client said can leave its
/// place: what is no domain or literal is quoted in a comment, with controls and 8-bit replaced.
[[nodiscard]] std::string received_field(const Received& received);

/// "Fri, 20 Nov 2026 23:36:06 +0000", RFC 5322 §3.3.
[[nodiscard]] std::string to_date(Timestamp time, std::chrono::minutes utc_offset = {});

}  // namespace postern::smtp
