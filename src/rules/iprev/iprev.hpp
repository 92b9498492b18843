#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dns/answer.hpp"
#include "text/ip.hpp"

// Forward-confirmed reverse DNS: the "iprev" of RFC 8601 §3, as a pure function of DNS answers.
namespace postern::iprev {

/// The results of RFC 8601 §2.7.3.
enum class Conclusion : std::uint8_t {
  pass,       ///< A name of the address leads back to it.
  fail,       ///< There are names, and none leads back.
  temperror,  ///< DNS fails for now, and nothing passes.
  permerror,  ///< The address has no name.
};
[[nodiscard]] std::string_view to_string(Conclusion conclusion);

struct Verdict {
  Conclusion result = Conclusion::permerror;
  dns::Name name = {};                ///< On pass: the first confirmed name in their own order.
  std::vector<dns::Name> names = {};  ///< What PTR says, sorted; at most kMaxNames.
  dns::Status status = dns::Status::indeterminate;  ///< The weaker of both steps, on pass.
  std::string reason = {};                          ///< One line for people.
};

/// No more names are looked up (RFC 8601 §3 points at the limit of RFC 7208 §4.6.4).
inline constexpr std::size_t kMaxNames = 10;

/// Call it with no answers, then again with those it asked for: it asks at most twice, for the PTR
/// record and then for the addresses of at most kMaxNames names in the family of `ip`. Names that
/// cannot be those of a machine are passed over.
[[nodiscard]] std::variant<Verdict, dns::Need> check(const text::IpAddress& ip,
                                                     const dns::Answers& answers);

}  // namespace postern::iprev
