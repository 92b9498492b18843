#include <string>

#include <benchmark/benchmark.h>

#include "smtp/data.hpp"
#include "smtp/data_encoder.hpp"

namespace postern::smtp {
namespace {

/// 8 MiB of lines of `length` octets, every tenth with a dot to stuff.
std::string message(std::size_t length) {
  std::string out;
  for (int i = 0; out.size() < 8U * 1024 * 1024; ++i)
    out.append(i % 10 == 0 ? "." : "x").append(length - 3, 'x').append("\r\n");
  return out;
}

void decode(benchmark::State& state) {
  std::string wire;
  DataEncoder encoder;
  if (!encoder.add(message(static_cast<std::size_t>(state.range(0))), wire)) return;
  if (!encoder.finish(wire)) return;
  constexpr std::size_t kRead = 16 * 1024;
  for (auto _ : state) {
    DataDecoder decoder;
    for (std::size_t at = 0; at < wire.size(); at += kRead) {
      auto input = std::string_view{wire}.substr(at, kRead);
      while (!input.empty() && !decoder.done()) benchmark::DoNotOptimize(decoder.take(input));
    }
    if (!decoder.done() || decoder.flaw()) state.SkipWithError("bad decode");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * wire.size()));
}
BENCHMARK(decode)->Arg(20)->Arg(78)->Arg(998);

void encode(benchmark::State& state) {
  const auto text = message(static_cast<std::size_t>(state.range(0)));
  std::string wire;
  for (auto _ : state) {
    DataEncoder encoder;
    wire.clear();
    if (!encoder.add(text, wire) || !encoder.finish(wire)) state.SkipWithError("bad encode");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(encode)->Arg(20)->Arg(78)->Arg(998);

}  // namespace
}  // namespace postern::smtp
