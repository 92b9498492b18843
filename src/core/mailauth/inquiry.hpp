#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "async/clock.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "dns/answer.hpp"
#include "resolver/resolver.hpp"
#include "vocab/time.hpp"

namespace postern::mailauth {

/// What one message may cost in DNS. What is asked beyond it has no answer in time.
struct Budget {
  std::size_t questions = 200;
  std::size_t at_once = 8;                           ///< Under way at one time.
  std::size_t answer_bytes = std::size_t{1} << 20U;  ///< Of all answers together, about.
  Duration time = std::chrono::seconds{30};          ///< From the first question on.
};

/// How many questions of all messages are under way: strangers' mail must not keep the resolver
/// from those who send. Shared by all cores.
struct Load {
  static constexpr std::size_t kMost = 600;  ///< Well below resolver::Settings::max_pending.
  std::atomic<std::size_t> under_way{0};
};

/// The questions of all rules about one message: asked once each, counted, and ended in time.
/// Belongs to one core; outlives every task of `decide`.
class Inquiry {
 public:
  Inquiry(resolver::Resolver& resolver, const Clock& clock, Budget budget,
          std::shared_ptr<Load> load)
      : resolver_{resolver}, clock_{clock}, budget_{budget}, load_{std::move(load)} {}

  /// Runs a resumable rule to its verdict.
  template <class Verdict>
  Task<Verdict> decide(
      std::function<std::variant<Verdict, dns::Need>(const dns::Answers& known)> rule) {
    for (;;) {
      auto step = rule(std::as_const(known_));
      if (auto* const verdict = std::get_if<Verdict>(&step)) co_return std::move(*verdict);
      auto need = std::get<dns::Need>(std::move(step));
      co_await answer(std::move(need));
    }
  }

  [[nodiscard]] std::size_t asked() const { return asked_; }

 private:
  /// What is to be done about one need now.
  struct Turn {
    std::vector<dns::Question> questions;  ///< To be asked by whoever has the turn.
    bool others = false;  ///< Something is under way elsewhere, or there is no room to ask.
  };

  class UnderWay;

  Task<> answer(dns::Need need);
  [[nodiscard]] Turn turn(const dns::Need& need);
  [[nodiscard]] const char* spent() const;
  void keep(const dns::Question& question, dns::Answer answer);

  resolver::Resolver& resolver_;
  const Clock& clock_;
  Budget budget_;
  std::shared_ptr<Load> load_;
  dns::Answers known_;
  std::size_t bytes_ = 0;
  std::set<dns::Question> under_way_;
  Event changed_;
  std::size_t asked_ = 0;
  Instant began_{};
};

}  // namespace postern::mailauth
