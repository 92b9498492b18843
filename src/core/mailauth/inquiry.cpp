#include "mailauth/inquiry.hpp"

#include <vector>

namespace postern::mailauth {

Task<> Inquiry::ask(dns::Need need) {
  const Instant now = clock_.instant();
  if (asked_ == 0) began_ = now;
  const bool late = now - began_ > budget_.time;
  std::vector<dns::Question> questions;
  for (auto& question : need.questions) {
    if (known_.contains(question)) continue;
    if (!late && asked_ < budget_.questions) {
      ++asked_;
      questions.push_back(std::move(question));
    } else {
      known_.emplace(std::move(question),
                     dns::Answer{.outcome = dns::Outcome::timeout,
                                 .why = late ? "the time for this message is over"
                                             : "this message asks too many questions"});
    }
  }
  if (questions.empty()) co_return;
  auto answers = co_await resolver_.lookup_all(std::move(questions));
  known_.merge(answers);
}

}  // namespace postern::mailauth
