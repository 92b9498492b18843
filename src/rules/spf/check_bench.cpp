#include <string>
#include <utility>
#include <variant>

#include <benchmark/benchmark.h>

#include "spf/check.hpp"

namespace postern::spf {
namespace {

/// A provider's usual record: three includes, the last one with the peer's net.
dns::Answers answers() {
  dns::Answers out;
  const auto txt = [&out](std::string_view name, std::string text) {
    out[{dns::Name::parse(name).value(), dns::Type::txt}] = {
        .status = dns::Status::secure,
        .outcome = dns::Outcome::found,
        .records = {dns::Txt{std::move(text)}}};
  };
  txt("example.org", "v=spf1 ip4:198.51.100.7 include:_spf.example.net -all");
  txt("_spf.example.net", "v=spf1 include:_a.example.net include:_b.example.net ~all");
  std::string nets = "v=spf1";
  for (int i = 0; i < 16; ++i) nets += " ip4:203.0." + std::to_string(i) + ".0/24";
  txt("_a.example.net", nets + " ~all");
  txt("_b.example.net", "v=spf1 ip4:192.0.2.0/24 ~all");
  return out;
}

void BM_SpfPassFromAnswers(benchmark::State& state) {
  const auto known = answers();
  const Query query{.ip = text::IpAddress::v4({192, 0, 2, 1}),
                    .helo = "mail.example.org",
                    .mail_from = "ann@example.org",
                    .receiver = "mx.example.com",
                    .now = {}};
  for ([[maybe_unused]] auto _ : state) {
    auto step = check(query, known);
    benchmark::DoNotOptimize(step);
    if (std::get<Verdict>(step).outcome != Outcome::pass) state.SkipWithError("no pass");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SpfPassFromAnswers);

}  // namespace
}  // namespace postern::spf
