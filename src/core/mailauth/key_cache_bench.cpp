// How much a look-up costs among as many keys as are kept, alone and with several threads.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "mailauth/key_cache.hpp"

namespace postern::mailauth {
namespace {

constexpr std::size_t kKeys = 1024;

/// As long as RSA keys of 2048 bits, that differ in two octets.
const std::vector<std::string>& keys() {
  static const auto made = [] {
    auto octets = crypto::PrivateKey::generate(crypto::KeyKind::rsa).value().public_octets();
    std::vector<std::string> out;
    for (std::size_t i = 0; i < kKeys; ++i) {
      octets.at(100) = static_cast<char>(i);
      octets.at(101) = static_cast<char>(i >> 8U);
      out.push_back(octets);
    }
    return out;
  }();
  return made;
}

KeyCache& cache() {
  static KeyCache made{kKeys};
  return made;
}

void find_key(benchmark::State& state) {
  for (const auto& octets : keys()) (void)cache().get(crypto::KeyKind::rsa, octets);
  std::size_t at = static_cast<std::size_t>(state.thread_index()) * 100;
  for (auto _ : state)
    benchmark::DoNotOptimize(cache().get(crypto::KeyKind::rsa, keys().at(at++ % kKeys)));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_key)->Threads(1)->Threads(2)->Threads(8);

}  // namespace
}  // namespace postern::mailauth
