// libFuzzer: any domain against any DNS. `locate` and `check_sender_domain` decide after at most
// two rounds of questions, never ask twice, and a plan holds public addresses only.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "dns/answer.hpp"
#include "route/reach.hpp"
#include "route/sender.hpp"
#include "route/target.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Deals answers out of the input: short octets steer, the rest is rdata.
class FuzzedDns {
 public:
  explicit FuzzedDns(std::string_view input) : rest_{input} {}

  dns::Answer answer(const dns::Question& question) {
    dns::Answer answer{.status = static_cast<dns::Status>(next() % 4),
                       .outcome = static_cast<dns::Outcome>(next() % 5)};
    if (!answer.found()) return answer;
    const std::size_t count = next() % 8 + 1;
    for (std::size_t i = 0; i < count; ++i) {
      const auto rdata = rest_.substr(0, next() % 40);
      const auto record = dns::parse_rdata(question.type, rdata);
      rest_.remove_prefix(std::min(rest_.size(), rdata.size()));
      if (record) answer.records.push_back(*record);
    }
    return answer;
  }

 private:
  std::size_t next() {
    if (rest_.empty()) return 0;
    const auto octet = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return octet;
  }
  std::string_view rest_;
};

/// Runs `rule` to its decision.
template <class Rule>
auto decide(FuzzedDns dns, const Rule& rule) {
  dns::Answers answers;
  for (int round = 0;; ++round) {
    auto step = rule(answers);
    const auto* need = std::get_if<route::Need>(&step);
    if (!need) return step;
    require(round < 2 && !need->questions.empty() && need->questions.size() <= 16);
    for (const auto& question : need->questions)
      require(answers.emplace(question, dns.answer(question)).second);
  }
}

void check(const route::Failure* failure) {
  if (failure) require(failure->reply >= 400 && text::is_ascii(failure->text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto end = std::min(input.find('\n'), input.size());
  const auto domain = input.substr(0, end);
  const FuzzedDns dns{input.substr(std::min(end + 1, input.size()))};

  route::Settings settings;
  settings.own_names = {dns::Name::parse("us.example").value()};
  const auto step = decide(dns, [&](const dns::Answers& answers) {
    return route::locate(domain, settings, answers, size);
  });
  check(std::get_if<route::Failure>(&step));
  if (const auto* plan = std::get_if<route::Plan>(&step)) {
    require(!plan->candidates.empty());
    for (const auto& candidate : plan->candidates) {
      require(route::may_deliver_to(candidate.ip, false) &&
              candidate.host != settings.own_names.front());
    }
  }
  const auto sender = decide(dns, [&](const dns::Answers& answers) {
    return route::check_sender_domain(domain, answers);
  });
  check(std::get_if<route::Failure>(&sender));
  return 0;
}
