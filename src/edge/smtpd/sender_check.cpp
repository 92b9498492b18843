#include "smtpd/sender_check.hpp"

#include <utility>

#include "route/sender.hpp"

namespace postern::smtpd {

Task<std::optional<smtp::Reply>> judge_sender_domain(resolver::Resolver& resolver,
                                                     std::string domain) {
  constexpr int kMaxRounds = 3;  // the rule asks twice at most
  dns::Answers answers;
  for (int round = 0; round < kMaxRounds; ++round) {
    route::SenderStep step = route::check_sender_domain(domain, answers);
    if (std::holds_alternative<route::Answerable>(step)) co_return std::nullopt;
    if (auto* failure = std::get_if<route::Failure>(&step)) {
      co_return smtp::Reply{failure->reply, smtp::parse_enhanced_status(failure->enhanced),
                            std::move(failure->text)};
    }
    auto more = co_await resolver.lookup_all(std::get<route::Need>(std::move(step)).questions);
    answers.merge(more);
  }
  co_return smtp::Reply{451, {{4, 1, 8}}, "Sender domain cannot be looked up now"};
}

}  // namespace postern::smtpd
