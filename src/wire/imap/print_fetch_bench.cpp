#include <vector>

#include <benchmark/benchmark.h>

#include "imap/print_fetch.hpp"

namespace postern::imap {
namespace {

/// The answer to FETCH 1:100000 (UID FLAGS MODSEQ), drained every 256 KiB as a session does.
void print_flags(benchmark::State& state) {
  const std::vector<std::string> flags = {"\\Seen", "\\Answered", "$Forwarded"};
  std::string out;
  std::int64_t octets = 0;
  for (auto _ : state) {
    for (std::uint32_t n = 1; n <= 100'000; ++n) {
      FetchResponse response{out, n};
      response.uid(Uid{n + 1000});
      response.flags(flags);
      response.mod_seq(ModSeq{n * 17ULL});
      response.end();
      if (out.size() < 256UL * 1024) continue;
      octets += static_cast<std::int64_t>(out.size());
      out.clear();
    }
  }
  state.SetBytesProcessed(octets);
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(print_flags)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace postern::imap
