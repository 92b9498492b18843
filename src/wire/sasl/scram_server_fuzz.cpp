// libFuzzer: the input's lines are a client's responses to SCRAM-SHA-256 and -PLUS. Nobody is ever
// authenticated: the keys are random digests of which no proof is known. What the server
// sends parses as what it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sasl/scram_message.hpp"
#include "sasl/scram_server.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;
using namespace postern::sasl;

void converse(ScramServer& server, std::string_view input) {
  bool started = false;
  for (const std::string_view line : text::split(input, '\n')) {
    Step step = started ? server.step(line) : server.start(line);
    started = true;
    if (const auto* const find = std::get_if<FindScramKeys>(&step)) {
      if (find->user.empty() || find->authzid == find->user) std::abort();
      ScramCredentials credentials = fake_scram_credentials("key", find->user, 4096);
      credentials.known = true;
      step = server.resume(credentials);
      const auto* const challenge = std::get_if<Challenge>(&step);
      if (challenge == nullptr) std::abort();
      const auto first = parse_server_first(challenge->data);
      // The client's nonce may fill a message; only then does ours not fit any more.
      if (first && (!first->nonce.ends_with("server-nonce") || first->iterations != 4096)) {
        std::abort();
      }
      if (!first && challenge->data.size() <= kMaxScramMessage) std::abort();
    }
    if (std::holds_alternative<Authenticated>(step)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  ScramServer bare{false, {.encrypted = true}, "server-nonce"};
  converse(bare, input);
  ScramServer plus{true, {.encrypted = true, .tls_exporter = "exporter"}, "server-nonce"};
  converse(plus, input);
  return 0;
}
