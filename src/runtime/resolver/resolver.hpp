#pragma once

#include <functional>
#include <vector>

#include "async/task.hpp"
#include "dns/answer.hpp"

// DNS for everybody above: questions in, judged answers out. An answer always comes and always
// carries its DNSSEC status; failing is an outcome, not an error.
namespace postern::resolver {

class Resolver {
 public:
  virtual ~Resolver() = default;

  /// Asks one question, from any core; the answer arrives on the caller's. Identical questions that
  /// are under way at one time are asked once. Takes no longer than the resolver's own limit.
  [[nodiscard]] Task<dns::Answer> lookup(dns::Question question);

  /// Asks all of them at once: what a rule's `Need` wants.
  [[nodiscard]] Task<dns::Answers> lookup_all(std::vector<dns::Question> questions);

 protected:
  using Done = std::move_only_function<void(dns::Answer)>;
  /// Begins a lookup and calls `done` once: at any time, this call included, and on any thread.
  virtual void start(dns::Question question, Done done) = 0;
};

}  // namespace postern::resolver
