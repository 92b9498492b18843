// Evaluations per second with all answers at hand.
#include <benchmark/benchmark.h>

#include "dmarc/evaluate.hpp"

namespace postern::dmarc {
namespace {

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

dns::Answers answers() {
  dns::Answers out;
  for (const auto* absent : {"_dmarc.com", "_dmarc.mail.example.com", "_dmarc.news.example.com"}) {
    out[{name(absent), dns::Type::txt}] = {.status = dns::Status::insecure,
                                           .outcome = dns::Outcome::no_data};
  }
  out[{name("_dmarc.example.com"), dns::Type::txt}] = {
      .status = dns::Status::insecure,
      .outcome = dns::Outcome::found,
      .records = {dns::Txt{"v=DMARC1; p=reject; sp=quarantine; adkim=r; aspf=r; "
                           "rua=mailto:dmarc@example.com,mailto:r@reports.example.net; "
                           "ruf=mailto:f@example.com; fo=1"}}};
  return out;
}

void evaluate_message(benchmark::State& state, const char* author, const char* signer) {
  const dns::Answers known = answers();
  const dns::Name suffix = name("com");
  const PublicSuffix list = [&](const dns::Name&) { return std::optional{suffix}; };
  const Input in{.author = name(author),
                 .spf = {.result = Auth::fail, .domain = name("bounces.example.org")},
                 .dkim = {{.result = Auth::pass, .domain = name("esp.example.net")},
                          {.result = Auth::pass, .domain = name(signer)}}};
  for (auto _ : state) {
    auto step = evaluate(in, known, list);
    if (!std::holds_alternative<Verdict>(step)) state.SkipWithError("asks");
    benchmark::DoNotOptimize(step);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(evaluate_message, same_domain, "example.com", "example.com");
BENCHMARK_CAPTURE(evaluate_message, relaxed, "mail.example.com", "news.example.com");

void read_record(benchmark::State& state) {
  const auto known = answers();
  const auto& answer = known.at({name("_dmarc.example.com"), dns::Type::txt});
  const auto text = answer.all<dns::Txt>().front().text;
  for (auto _ : state) benchmark::DoNotOptimize(parse_record(text));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_record);

}  // namespace
}  // namespace postern::dmarc
