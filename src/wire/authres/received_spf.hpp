#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authres/authres.hpp"
#include "text/ip.hpp"

// The Received-SPF field: RFC 7208 §9.1.
namespace postern::authres {

struct ReceivedSpf {
  std::string result;        ///< "pass", "fail", ...: a word.
  std::string comment = {};  ///< For people: who says it, and why.
  std::optional<text::IpAddress> client_ip = {};
  std::string envelope_from = {};  ///< The address checked; these are left out when empty.
  std::string helo = {};
  std::string receiver = {};   ///< Our host name.
  std::string identity = {};   ///< "mailfrom" or "helo".
  std::string mechanism = {};  ///< What matched: "-all", "default".
  std::string problem = {};    ///< On an error: which.
};

/// The field with its final CRLF, folded. Texts are quoted and cut as in Authentication-Results.
[[nodiscard]] std::string to_field(const ReceivedSpf& spf, Charset charset = Charset::ascii);

}  // namespace postern::authres
