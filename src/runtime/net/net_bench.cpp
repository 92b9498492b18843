// What TLS costs: an echo of 1 KiB over loopback, a handshake, and the memory of an idle connection
// (both ends count: halve it for a server's share).
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "net/loopback_fixture.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

Task<Result<void>> echo_once(Stream& stream, std::size_t octets) {
  while (octets > 0) {
    const auto got = co_await stream.read(10s);
    if (!got) co_return std::unexpected{got.error()};
    const std::string text{*got};
    octets -= std::min(octets, text.size());
    const auto wrote = co_await stream.write(text, 10s);
    if (!wrote) co_return wrote;
  }
  co_return Result<void>{};
}

Task<Result<void>> ask(Stream& stream, std::string text) {
  const auto wrote = co_await stream.write(text, 10s);
  if (!wrote) co_return wrote;
  for (std::size_t left = text.size(); left > 0;) {
    const auto got = co_await stream.read(10s);
    if (!got) co_return std::unexpected{got.error()};
    left -= std::min(left, got->size());
  }
  co_return Result<void>{};
}

struct Bench : Loopback {
  TestCertificates certificates{{"mail.test"}};
  std::shared_ptr<const TlsContext> theirs =
      TlsContext::server({.certificates = {certificates.certificate()}}).value();
  std::shared_ptr<const TlsContext> ours = certificates.trusting_client();

  bool shake() {
    const auto accepted = start(server->accept_tls(theirs, 10s));
    const auto connected = start(client->connect_tls(ours, {}, 10s));
    return until([&] { return *accepted && *connected; });
  }
  bool round_trip(const std::string& text) {
    const auto echoed = start(echo_once(*server, text.size()));
    return run(ask(*client, text)) && until([&] { return echoed->has_value(); });
  }
};

long resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

void tls_echo(benchmark::State& state) {
  Bench bench;
  const std::string text(1024, 'x');
  if (!bench.shake()) return state.SkipWithError("no handshake");
  for (auto _ : state) {
    if (!bench.round_trip(text)) return state.SkipWithError("no echo");
  }
}
BENCHMARK(tls_echo);

void tls_handshake(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) {
    bench.reconnect();
    if (!bench.shake()) return state.SkipWithError("no handshake");
  }
}
BENCHMARK(tls_handshake);

/// Connections that completed one echo and whose server end waits in a read.
void idle_connections(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    Bench bench;
    if (!bench.shake() || !bench.round_trip("warm")) return state.SkipWithError("no echo");
    std::vector<std::unique_ptr<Stream>> ends;
    const long before = resident_bytes();
    for (std::size_t i = 0; i < count; ++i) {
      bench.reconnect();
      if (!bench.shake() || !bench.round_trip("idle")) return state.SkipWithError("no echo");
      (void)bench.start(echo_once(*bench.server, 1));
      ends.push_back(std::move(bench.server));
      ends.push_back(std::move(bench.client));
    }
    state.counters["bytes_per_pair"] =
        static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
    for (auto& end : ends) end->stop(Errc::shutting_down);
    bench.machine.poll();
  }
}
BENCHMARK(idle_connections)->Arg(400)->Iterations(1);

}  // namespace
}  // namespace postern::net
