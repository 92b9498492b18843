#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dns/answer.hpp"
#include "spf/record.hpp"
#include "text/ip.hpp"
#include "vocab/time.hpp"

// check_host() of RFC 7208 §4 as a pure function of DNS answers.
namespace postern::spf {

/// Whose authority is asked for. Views are borrowed for the call.
struct Query {
  text::IpAddress ip;     ///< Of the peer.
  std::string_view helo;  ///< What it said in EHLO, as it said it.
  /// The path of MAIL FROM without its angle brackets. Empty (a null path, or the EHLO identity is
  /// what is to be checked): postmaster at `helo` (RFC 7208 §2.4).
  std::string_view mail_from;
  std::string_view receiver;  ///< Our host name, for explanations.
  Timestamp now;              ///< For explanations.
  bool with_steps = false;    ///< For people who want to know why.
};

struct Limits {
  std::size_t lookups = 10;       ///< Terms that ask DNS: RFC 7208 §4.6.4.
  std::size_t void_lookups = 2;   ///< Answers without records, likewise.
  std::size_t names = 10;         ///< Exchangers of one mx (more: permerror), names of one ptr.
  std::size_t explanation = 250;  ///< Octets of it that are passed on.
};

struct Verdict {
  Outcome outcome = Outcome::none;
  /// The sender's own words for a `fail`, printable ASCII on one line; mostly empty. A stranger
  /// wrote them: quote them as such.
  std::string explanation = {};
  std::string domain = {};   ///< The identity's domain, in A-labels; as given when it is no name.
  std::string matched = {};  ///< The term that decided, as written: "-all", "include:x.example".
  std::string why = {};  ///< What is missing or wrong, in plain words; empty when a term decided.
  std::size_t lookups = 0;  ///< Terms that asked DNS.
  bool secure = false;      ///< DNSSEC proves every answer that was used.
  /// If they are asked for: what was looked at, in order, one line each; at most kMaxSteps.
  std::vector<std::string> steps = {};
};
inline constexpr std::size_t kMaxSteps = 200;

using Step = std::variant<Verdict, dns::Need>;

/// Judges `query`. Call it with no answers, then again with those it asked for (added to the
/// others) until there is a verdict: what it asks in all is bounded by the limits, whatever DNS
/// says. Deterministic.
[[nodiscard]] Step check(const Query& query, const dns::Answers& answers,
                         const Limits& limits = {});

}  // namespace postern::spf
