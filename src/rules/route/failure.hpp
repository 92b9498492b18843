#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answer.hpp"

namespace postern::route {

using dns::Need;

/// A refusal, in the words of SMTP: fit for a reply and for a delivery status notification.
struct Failure {
  std::uint16_t reply = 0;    ///< 451, 550, ... (RFC 5321 §4.2.3)
  std::string_view enhanced;  ///< "5.1.2" (RFC 3463); views a literal.
  std::string text;           ///< One line for people; names the domain, nothing of ours.
  std::string detail = {};    ///< For log and trace only: what the resolver said.
  [[nodiscard]] bool permanent() const { return reply >= 500; }
};

/// The null MX of RFC 7505 §3: a single record whose exchange is the root. (A root exchange among
/// others means nothing and is passed over.)
[[nodiscard]] bool is_null_mx(const std::vector<dns::Mx>& records);

}  // namespace postern::route
