#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "dns/answer.hpp"
#include "text/ip.hpp"

// What the name that a client gave in EHLO is worth. No ground for a refusal by itself (RFC 5321
// §4.1.4); a fact for the trace, for Received and for scores.
namespace postern::iprev {

enum class HelloForm : std::uint8_t {
  name,         ///< A domain name of two labels or more.
  single_word,  ///< A name of one label, as machines call themselves at home.
  literal,      ///< An address literal (RFC 5321 §4.1.3).
  invalid,      ///< Neither: what RFC 5321 §4.1.1.1 does not allow.
};
[[nodiscard]] std::string_view to_string(HelloForm form);

/// Whether it is the peer.
enum class HelloMatch : std::uint8_t {
  yes,  ///< The literal is the peer's address, or the name leads to it.
  no,
  unknown,  ///< DNS fails for now.
};
[[nodiscard]] std::string_view to_string(HelloMatch match);

struct Hello {
  HelloForm form = HelloForm::invalid;
  HelloMatch match = HelloMatch::no;
  dns::Name name = {};                              ///< Of a name.
  dns::Status status = dns::Status::indeterminate;  ///< Of the answer, if one was needed.
  std::string reason = {};                          ///< One line of ASCII for people.
};

/// Judges the argument of EHLO or HELO as sent, U-labels allowed (RFC 6531 §3.3). Asks at most
/// once: for the addresses of a name in the family of `peer`.
[[nodiscard]] std::variant<Hello, dns::Need> check_hello(std::string_view argument,
                                                         const text::IpAddress& peer,
                                                         const dns::Answers& answers);

}  // namespace postern::iprev
