#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "dns/record.hpp"
#include "vocab/time.hpp"

namespace postern::dns {

struct Question {
  Name name;
  Type type = Type::a;
  friend auto operator<=>(const Question&, const Question&) = default;
};

/// "mx.example MX", for logs and traces.
[[nodiscard]] std::string to_string(const Question& question);

/// What DNSSEC says of an answer (RFC 4035 §4.3).
enum class Status : std::uint8_t {
  secure,         ///< Proven by a chain of signatures from a trust anchor.
  insecure,       ///< Proven to be unsigned, or below no trust anchor.
  bogus,          ///< Should have been signed, and is not rightly so. Holds no records.
  indeterminate,  ///< Not known: there was no answer.
};

enum class Outcome : std::uint8_t {
  found,     ///< `records` has one at least.
  no_data,   ///< The name exists, without records of this type.
  nxdomain,  ///< No such name.
  servfail,  ///< The servers fail, refuse, or cannot be reached; also what is bogus or malformed.
  timeout,   ///< No answer within the resolver's own limit.
};

[[nodiscard]] std::string_view to_string(Status status);
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// The answer to one question. The default is a failure, so nothing forgotten looks like success.
struct Answer {
  Status status = Status::indeterminate;
  Outcome outcome = Outcome::servfail;
  std::vector<Record> records = {};  ///< All of the type asked for; empty unless `found`.
  Name canonical = {};   ///< The name at the end of the CNAMEs; else the name asked for.
  Duration ttl{};        ///< How long this holds.
  std::string why = {};  ///< Of a failure or a bogus answer: for the log only.

  [[nodiscard]] bool found() const { return outcome == Outcome::found; }
  [[nodiscard]] bool secure() const { return status == Status::secure; }
  /// Failed, timed out or bogus: says nothing about the name, asking again later may help.
  [[nodiscard]] bool temporary() const {
    return status == Status::bogus || outcome == Outcome::servfail || outcome == Outcome::timeout;
  }
  /// The records of kind R (Mx, Txt, text::IpAddress, ...).
  template <class R>
  [[nodiscard]] std::vector<R> all() const {
    std::vector<R> out;
    for (const Record& record : records) {
      if (const R* held = std::get_if<R>(&record)) out.push_back(*held);
    }
    return out;
  }
};

/// What is known so far; how a rule is given DNS. A test's DNS is such a map.
using Answers = std::map<Question, Answer>;

/// The questions a rule needs answered before it can go on. Ask them (concurrently), add the
/// answers to those given so far, and call the rule again with the same arguments.
struct Need {
  std::vector<Question> questions;
};

}  // namespace postern::dns

template <>
struct std::hash<postern::dns::Question> {
  std::size_t operator()(const postern::dns::Question& question) const noexcept {
    return std::hash<postern::dns::Name>{}(question.name) * 31 +
           static_cast<std::size_t>(question.type);
  }
};
