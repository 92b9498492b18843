#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <variant>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "dns/answer.hpp"
#include "resolver/resolver.hpp"
#include "vocab/time.hpp"

namespace postern::mailauth {

/// What one message may cost in DNS.
struct Budget {
  std::size_t questions = 200;
  /// From the first question on; what is asked later, or again and again, has no answer in time.
  Duration time = std::chrono::seconds{30};
};

/// The questions of all rules about one message: asked once each, counted, and ended in time.
/// Belongs to one core; outlives every task of `decide`.
class Inquiry {
 public:
  Inquiry(resolver::Resolver& resolver, const Clock& clock, Budget budget)
      : resolver_{resolver}, clock_{clock}, budget_{budget} {}

  /// Runs a resumable rule to its verdict.
  template <class Verdict>
  Task<Verdict> decide(
      std::function<std::variant<Verdict, dns::Need>(const dns::Answers& known)> rule) {
    for (;;) {
      auto step = rule(std::as_const(known_));
      if (auto* const verdict = std::get_if<Verdict>(&step)) co_return std::move(*verdict);
      const auto need = std::get<dns::Need>(std::move(step));
      co_await ask(need);
    }
  }

  [[nodiscard]] std::size_t asked() const { return asked_; }

 private:
  Task<> ask(dns::Need need);

  resolver::Resolver& resolver_;
  const Clock& clock_;
  Budget budget_;
  dns::Answers known_;
  std::size_t asked_ = 0;
  Instant began_{};
};

}  // namespace postern::mailauth
