#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "async/workshop.hpp"
#include "dns/answer.hpp"
#include "resolver/resolver.hpp"
#include "resolver/unbound.hpp"
#include "vocab/result.hpp"

// Where a check gets its DNS from.
namespace postern::check {

/// A resolver on a thread of its own, for one thread that waits for what it asks.
class DnsSource {
 public:
  /// The world, by a resolver of this process. `bad_config`.
  [[nodiscard]] static Result<std::unique_ptr<DnsSource>> network(
      const resolver::Settings& settings);

  /// A JSON text in place of the network: an object of names, each with an array of records
  /// (`["TXT", "v=spf1 -all"]`, `["MX", "10 mx.example"]`; the strings of one TXT record may be an
  /// array) or what asking for it ends in ("TIMEOUT", "SERVFAIL", "BOGUS"; among records: what
  /// asking for other types ends in). Types that no check asks for are passed over, "" and "." are
  /// the root. A name that is not in it does not exist. `bad_syntax`: what is wrong with it, and at
  /// which name.
  [[nodiscard]] static Result<std::unique_ptr<DnsSource>> json(std::string_view text);

  DnsSource(const DnsSource&) = delete;
  DnsSource& operator=(const DnsSource&) = delete;
  ~DnsSource();

  /// Asks all at once and waits for the answers.
  [[nodiscard]] dns::Answers ask(std::vector<dns::Question> questions);
  /// For tasks that ask by themselves.
  template <class T>
  T run(Task<T> task) {
    return workshop_.run(std::move(task));
  }
  [[nodiscard]] resolver::Resolver& resolver() { return *resolver_; }
  [[nodiscard]] Core& core() { return workshop_.core(); }

 private:
  DnsSource() = default;
  using Made = Result<std::unique_ptr<resolver::UnboundResolver>>;
  Task<Made> create(resolver::Settings settings);
  Task<bool> stop();

  Workshop workshop_{"postern-dns"};
  std::unique_ptr<resolver::Resolver> resolver_;
  resolver::UnboundResolver* unbound_ = nullptr;  ///< The same, if it is one.
};

/// What `text` says, as a resolver.
[[nodiscard]] Result<std::unique_ptr<resolver::Resolver>> json_resolver(std::string_view text);

/// Runs a resumable rule to its verdict: `rule(answers)` gives a variant of it and `dns::Need`.
template <class Verdict, class Rule>
[[nodiscard]] Verdict decide(DnsSource& source, dns::Answers& answers, const Rule& rule) {
  for (;;) {
    auto step = rule(std::as_const(answers));
    if (auto* const verdict = std::get_if<Verdict>(&step)) return std::move(*verdict);
    auto more = source.ask(std::get<dns::Need>(std::move(step)).questions);
    answers.merge(more);
  }
}

}  // namespace postern::check
