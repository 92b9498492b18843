#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/reply.hpp"

namespace postern::smtp {

/// What a server offers in its reply to EHLO (RFC 5321 §4.1.1.1): ours, printed; a peer's, read.
struct Capabilities {
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool smtputf8 = false;
  bool starttls = false;
  bool chunking = false;
  bool binary_mime = false;
  bool dsn = false;
  bool enhanced_status_codes = false;
  bool requiretls = false;
  bool size = false;                           ///< SIZE is offered, with or without a limit.
  std::optional<std::uint64_t> max_size = {};  ///< Octets; SIZE with 0 or no number is no limit.
  std::vector<std::string> auth = {};          ///< Mechanisms, upper case, as offered.
  std::optional<std::uint32_t> rcpt_max = {};  ///< LIMITS (RFC 9422), each at least 1.
  std::optional<std::uint32_t> mail_max = {};
  std::optional<std::uint32_t> rcpt_domain_max = {};

  [[nodiscard]] bool offers_auth(std::string_view mechanism) const;
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// Reads a positive reply to EHLO. Unknown keywords and broken arguments are passed over. A reply
/// to HELO gives no capabilities.
[[nodiscard]] Capabilities parse_capabilities(const Reply& ehlo_reply);

/// The reply to EHLO: `host` (our name) and `greeting` on the first line, then a keyword a line.
[[nodiscard]] Reply to_reply(const Capabilities& capabilities, std::string_view host,
                             std::string_view greeting);

}  // namespace postern::smtp
