// libFuzzer: any From field, any identifiers, any DNS. The evaluation ends after at most two rounds
// of bounded questions, passes only through an identifier that passed and shares an ancestor with
// the Author Domain, and what is done with the message follows from its policy.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>
#include <vector>

#include "dmarc/author.hpp"
#include "dmarc/destination.hpp"
#include "dmarc/disposition.hpp"
#include "dmarc/evaluate.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::array<std::string_view, 8> kRecords{
    "v=DMARC1; p=reject; rua=mailto:r@d.example",
    "v=DMARC1; p=none; sp=quarantine; np=reject; t=y",
    "v=DMARC1; p=quarantine; psd=y",
    "v=DMARC1; p=reject; psd=n; adkim=s; aspf=s",
    "v=DMARC1; p=bogus",
    "v=spf1 -all",
    "v=DMARC1; rua=mailto:r@d.example",
    "v=DMARC1; p=reject; np=none; pct=0",
};

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
  dns::Answer answer() {
    dns::Answer answer{.status = static_cast<dns::Status>(next() % 4),
                       .outcome = static_cast<dns::Outcome>(next() % 5)};
    if (!answer.found()) return answer;
    for (std::size_t count = next() % 3 + 1; count > 0; --count) {
      const auto pick = next();
      answer.records.emplace_back(dns::Txt{std::string{
          pick < kRecords.size() * 16 ? kRecords.at(pick % kRecords.size()) : take(next() % 64)}});
    }
    return answer;
  }

 private:
  std::string_view rest_;
};

/// Runs `rule` to its decision.
template <class Rule>
auto decide(Dealer& dealer, const Rule& rule) {
  dns::Answers answers;
  for (int round = 0;; ++round) {
    auto step = rule(answers);
    const auto* need = std::get_if<dns::Need>(&step);
    if (!need) return step;
    require(round < 2 && !need->questions.empty());
    require(need->questions.size() <= dmarc::kMaxWalk * dmarc::kMaxWalkedIdentifiers + 1);
    for (const auto& question : need->questions)
      require(answers.emplace(question, dealer.answer()).second);
  }
}

dmarc::Identifier identifier(Dealer& dealer, const dns::Name& author) {
  dmarc::Identifier out{.result = static_cast<dmarc::Auth>(dealer.next() % 8), .domain = author};
  for (auto up = dealer.next() % 4; up > 0; --up) out.domain = out.domain.parent();
  if (const auto down = dealer.next() % 4; down > 0) {
    const auto below = out.domain.below(down == 1 ? "a" : down == 2 ? "a.b.c" : dealer.take(8));
    if (below) out.domain = *below;
  }
  return out;
}

bool related(const dns::Name& a, const dns::Name& b) {
  dns::Name top = a;
  while (top.depth() > 1) top = top.parent();
  return !top.is_root() && b.is_within(top);
}

void check(const dmarc::Verdict& v) {
  std::vector<dmarc::Judged> all = v.dkim;
  all.push_back(v.spf);
  const bool counts = std::ranges::any_of(all, &dmarc::Judged::counts);
  for (const auto& judged : all) {
    if (judged.counts) {
      require(judged.identifier.result == dmarc::Auth::pass &&
              related(judged.identifier.domain, v.author));
    }
  }
  require((v.result == dmarc::Conclusion::pass) == counts);
  require(v.applied <= v.asked && text::is_ascii(v.reason) && !v.reason.empty());
  if (v.policy_domain) require(v.author.is_within(*v.policy_domain));
}

void check(const dmarc::Verdict& v, const dmarc::Grounds& grounds) {
  const auto d = dmarc::dispose(v, grounds);
  require(text::is_ascii(d.text) && !d.explanation.empty());
  using dmarc::Action;
  require((d.action == Action::reject) == (d.reported == dmarc::Policy::reject));
  require((d.action == Action::reject) == d.ground.has_value());
  if (d.action == Action::reject) require(v.applied == dmarc::Policy::reject);
  if (d.action == Action::junk) require(v.applied != dmarc::Policy::none);
  if (d.action == Action::defer) require(v.result == dmarc::Conclusion::temperror);
  if (v.result == dmarc::Conclusion::pass) require(d.action == Action::accept);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto end = std::min(input.find('\n'), input.size());
  const auto from = input.substr(0, end);
  Dealer dealer{input.substr(std::min(end + 1, input.size()))};

  const auto found = dmarc::author_of(std::vector{from});
  if (const auto* none = std::get_if<dmarc::NoAuthor>(&found)) {
    require(none->reply == 554 && text::is_ascii(none->text));
    return 0;
  }
  const auto author = std::get<dmarc::Author>(found).domain;
  dmarc::Input in{.author = author, .spf = identifier(dealer, author)};
  for (auto count = dealer.next() % 12; count > 0; --count)
    in.dkim.push_back(identifier(dealer, author));
  const auto depth = dealer.next() % 4;
  const dmarc::PublicSuffix list = [&](const dns::Name& name) -> std::optional<dns::Name> {
    if (depth == 0) return std::nullopt;
    dns::Name out = name;
    while (out.depth() > depth) out = out.parent();
    return out;
  };
  const auto verdict = std::get<dmarc::Verdict>(decide(
      dealer, [&](const dns::Answers& answers) { return dmarc::evaluate(in, answers, list); }));
  check(verdict);
  const auto bits = dealer.next();
  check(verdict, {.trusted_arc = (bits & 1U) != 0,
                  .mailing_list = (bits & 2U) != 0,
                  .seen_passing = (bits & 4U) != 0,
                  .strict = (bits & 8U) != 0,
                  .account = static_cast<dmarc::AccountRule>(bits / 16 % 4)});
  if (!verdict.record) return 0;
  for (const auto& uri : verdict.record->rua) {
    if (!uri.mailbox) continue;
    const auto permission =
        std::get<dmarc::Permission>(decide(dealer, [&](const dns::Answers& answers) {
          return dmarc::may_report_to(*verdict.policy_domain, *uri.mailbox, answers, list);
        }));
    for (const auto& mailbox : permission.mailboxes) require(mailbox.domain == uri.mailbox->domain);
  }
  return 0;
}
