#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dns/answer.hpp"
#include "resolver/unbound.hpp"
#include "vocab/result.hpp"

// Where a check gets its DNS from.
namespace postern::check {

class DnsSource {
 public:
  virtual ~DnsSource() = default;
  /// Asks all at once and waits for the answers.
  [[nodiscard]] virtual dns::Answers ask(const std::vector<dns::Question>& questions) = 0;
};

/// The world, by a resolver of this process. `bad_config`.
[[nodiscard]] Result<std::unique_ptr<DnsSource>> dns_of_network(const resolver::Settings& settings);

/// A JSON text in place of the network: an object of names, each with an array of records
/// (`["TXT", "v=spf1 -all"]`, `["MX", "10 mx.example"]`; the strings of one TXT record may be an
/// array) or what asking for it ends in ("TIMEOUT", "SERVFAIL", "BOGUS"). A name that is not in it
/// does not exist. `bad_syntax`: what is wrong with it, and at which name.
[[nodiscard]] Result<std::unique_ptr<DnsSource>> dns_of_json(std::string_view text);

/// Runs a resumable rule to its verdict: `rule(answers)` gives a variant of it and `dns::Need`.
template <class Verdict, class Rule>
[[nodiscard]] Verdict decide(DnsSource& source, dns::Answers& answers, const Rule& rule) {
  for (;;) {
    auto step = rule(std::as_const(answers));
    if (auto* const verdict = std::get_if<Verdict>(&step)) return std::move(*verdict);
    answers.merge(source.ask(std::get<dns::Need>(step).questions));
  }
}

}  // namespace postern::check
