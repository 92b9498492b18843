// libFuzzer: any HELO argument, and any PTR and address answers. Either judgement ends within its
// rounds of questions, asks nothing twice, passes only on a name that leads back to the address,
// and tells people printable ASCII only.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "iprev/hello.hpp"
#include "iprev/iprev.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Deals octets out of the input.
class Dealer {
 public:
  explicit Dealer(std::string_view input) : rest_{input} {}

  std::size_t next() {
    if (rest_.empty()) return 0;
    const auto octet = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return octet;
  }
  std::string_view take(std::size_t octets) {
    const auto out = rest_.substr(0, octets);
    rest_.remove_prefix(out.size());
    return out;
  }

  text::IpAddress address() {
    const auto pick = next();
    std::array<std::uint8_t, 4> v4{192, 0, 2, static_cast<std::uint8_t>(pick % 4)};
    if (pick < 128) return text::IpAddress::v4(v4);
    std::array<std::uint8_t, 16> v6{0x20, 0x01, 0x0d, 0xb8};
    v6.back() = static_cast<std::uint8_t>(pick % 4);
    return text::IpAddress::v6(v6);
  }

  /// As DNS may hold it: any labels, and the root.
  dns::Name name() {
    const auto pick = next();
    if (pick < 64) return dns::Name::parse("h" + std::to_string(pick % 16) + ".example").value();
    return dns::Name::parse(take(pick % 80)).value_or(dns::Name{});
  }

  dns::Answer answer(const dns::Question& question) {
    dns::Answer out{.status = static_cast<dns::Status>(next() % 4),
                    .outcome = static_cast<dns::Outcome>(next() % 8 < 5 ? next() % 5 : 0)};
    if (!out.found()) return out;
    for (auto count = next() % 24 + 1; count > 0; --count) {
      if (question.type == dns::Type::ptr) {
        out.records.emplace_back(dns::Target{name()});
      } else {
        out.records.emplace_back(address());
      }
    }
    return out;
  }

 private:
  std::string_view rest_;
};

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool leads_back(const dns::Answers& answers, const dns::Name& name, const text::IpAddress& ip) {
  const auto at = answers.find({name, ip.is_v4() ? dns::Type::a : dns::Type::aaaa});
  if (at == answers.end() || at->second.temporary()) return false;
  const auto all = at->second.all<text::IpAddress>();
  return std::ranges::find(all, ip) != all.end();
}

/// Runs `rule` to its verdict, in so many rounds of so many questions at most.
template <class Verdict, class Rule>
Verdict decide(Dealer& dealer, dns::Answers& answers, std::size_t rounds, std::size_t questions,
               const Rule& rule) {
  for (;; --rounds) {
    auto step = rule(std::as_const(answers));
    if (auto* const verdict = std::get_if<Verdict>(&step)) return std::move(*verdict);
    const auto& need = std::get<dns::Need>(step);
    require(rounds > 0 && !need.questions.empty() && need.questions.size() <= questions);
    for (const auto& question : need.questions)
      require(answers.emplace(question, dealer.answer(question)).second);
  }
}

void check(Dealer& dealer, const text::IpAddress& ip) {
  using iprev::Conclusion;
  dns::Answers answers;
  const auto found =
      decide<iprev::Verdict>(dealer, answers, 2, iprev::kMaxNames,
                             [&](const dns::Answers& known) { return iprev::check(ip, known); });
  require(printable(found.reason) && !found.reason.empty());
  require(found.names.size() <= iprev::kMaxNames && std::ranges::is_sorted(found.names));
  const bool passes = found.result == Conclusion::pass;
  require(passes == std::ranges::any_of(found.names, [&](const dns::Name& name) {
            return leads_back(answers, name, ip);
          }));
  if (passes) require(found.name.is_host() && leads_back(answers, found.name, ip));
}

void check_hello(Dealer& dealer, std::string_view argument, const text::IpAddress& ip) {
  using iprev::HelloForm;
  using iprev::HelloMatch;
  dns::Answers answers;
  const auto found = decide<iprev::Hello>(dealer, answers, 1, 1, [&](const dns::Answers& known) {
    return iprev::check_hello(argument, ip, known);
  });
  require(printable(found.reason) && !found.reason.empty());
  if (found.form == HelloForm::invalid) require(found.match == HelloMatch::no);
  const bool named = found.form == HelloForm::name || found.form == HelloForm::single_word;
  require(named || answers.empty());
  if (named && found.match == HelloMatch::yes) require(leads_back(answers, found.name, ip));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data),
                               std::min<std::size_t>(size, 8192)};
  const auto argument = input.substr(0, input.find('\n'));
  Dealer dealer{input.substr(std::min(argument.size() + 1, input.size()))};
  const auto ip = dealer.address();
  check_hello(dealer, argument, ip);
  check(dealer, ip);
  return 0;
}
